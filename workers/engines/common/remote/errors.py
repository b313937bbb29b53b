"""What another server's refusal or silence means, as one of our errors.

`openai` and `anthropic` are made by one generator: their exceptions have the same names and fields,
so that nothing is imported here. What the server says is quoted without the key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workers.messages.errors import (
    AppError,
    ContextTooLongError,
    QueueFullError,
    RemoteError,
    TimedOutError,
    UnknownModelError,
    UnsupportedInputError,
)

if TYPE_CHECKING:
    from pydantic import SecretStr

MAX_QUOTED_CHARS = 300
CONTEXT = re.compile(
    r"context.?(length|size|window)|exceeds? the (available )?context|prompt is too long", re.I
)
NO_CREDIT = re.compile(r"insufficient_quota|credit balance|billing", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteAddress:
    """Another server, as far as messages may name it."""

    url: str
    host: str
    """With the port, if the address names one."""
    model: str
    """What that server calls the model."""
    key_name: str
    """The variable that holds its key; "" if it asks for none."""
    timeout_s: float
    """Longest silence."""


def to_app_error(err: Exception, server: RemoteAddress, key: SecretStr | None) -> AppError | None:
    """Return the error that the user should read; None if it is not about the other server."""
    names = {kind.__name__ for kind in type(err).__mro__}
    if names & {"APIConnectionError", "TransportError"}:
        return _from_transport(err, server)
    if names & {"JSONDecodeError", "APIResponseValidationError"}:
        return foreign(server)
    if "APIError" not in names:
        return None
    words = _words_of(err, key)
    status = getattr(err, "status_code", None)
    if status is None or status < 400:  # said in the middle of a stream
        return _by_meaning(words) or RemoteError(f"{server.host} failed: {words}")
    return _from_status(status, words, server)


def _from_transport(err: Exception, server: RemoteAddress) -> AppError:
    causes = list(_chain(err))
    names = {kind.__name__ for cause in causes for kind in type(cause).__mro__}
    if names & {"ConnectError", "ConnectTimeout"}:
        reason = str(causes[-1]).rstrip(".") or "no answer"
        return RemoteError(
            f"{server.host} cannot be reached: {reason}.",
            f"Check that a server runs at {server.url}.",
        )
    if names & {"APITimeoutError", "TimeoutException"}:
        return TimedOutError(
            f"{server.host} was silent for {server.timeout_s:g} seconds.",
            "Try again, or raise options.timeout_s in the model's card.",
        )
    return broke_off(server)


def broke_off(server: RemoteAddress) -> RemoteError:
    """Return the error for an answer without an end."""
    return RemoteError(f"{server.host} broke off in the middle of the answer.", "Try again.")


def foreign(server: RemoteAddress) -> RemoteError:
    """Return the error for an answer that has not the shape it should have."""
    return RemoteError(
        f"{server.host} answered something that is not this API.",
        f"Check that {server.url} is the address that its documentation gives, often with /v1.",
    )


def _from_status(status: int, words: str, server: RemoteAddress) -> AppError:
    if status in (401, 403):
        return _refused(status, server)
    if NO_CREDIT.search(words):
        return RemoteError(f"The account at {server.host} has no credit left: {words}")
    if status == 404:
        return UnknownModelError(
            f"{server.host} has no model called {server.model!r}, or does not do this.",
            f"It says: {words}",
        )
    if status == 429:
        return QueueFullError(
            f"{server.host} takes no more requests for now, also after retries.",
            f"Try again later. It says: {words}",
        )
    if status < 500:
        return _by_meaning(words) or UnsupportedInputError(
            f"{server.host} refused the request: {words}"
        )
    return RemoteError(f"{server.host} failed with {status}: {words}", "Try again later.")


def _by_meaning(words: str) -> AppError | None:
    if CONTEXT.search(words):
        return ContextTooLongError(words, "Shorten the message, or start a new chat.")
    return None


def _refused(status: int, server: RemoteAddress) -> RemoteError:
    """The server's own words often quote the key: they are not repeated."""
    if not server.key_name:
        return RemoteError(
            f"{server.host} asks for a key ({status}).",
            "Name the variable that holds it as options.api_key_env in the model's card.",
        )
    return RemoteError(
        f"The key in {server.key_name} was refused by {server.host} ({status}).",
        "Check that it is valid there, and allowed to use this model.",
    )


def _words_of(err: Exception, key: SecretStr | None) -> str:
    """What the server said, in one bounded line, without the key."""
    words = _said(getattr(err, "body", None)) or str(err)
    if key is not None:
        words = words.replace(key.get_secret_value(), "…")
    words = " ".join(words.split())
    return words if len(words) <= MAX_QUOTED_CHARS else f"{words[:MAX_QUOTED_CHARS]}…"


def _said(body: Any) -> str:
    """The sentence in an error's body: OpenAI's, Anthropic's, FastAPI's or Ollama's."""
    if isinstance(body, dict):
        code = f" ({body['code']})" if isinstance(body.get("code"), str) else ""
        found = body.get("message") or body.get("detail") or _said(body.get("error"))
        return f"{found}{code}" if found else ""
    return body if isinstance(body, str) else ""


def _chain(err: BaseException | None) -> Iterator[BaseException]:
    while err is not None:
        yield err
        err = err.__cause__
