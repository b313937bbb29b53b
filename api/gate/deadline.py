"""How long a client waits: the header X-Request-Timeout, in seconds from when the request arrived.

What OpenAI's and Anthropic's clients send of themselves (X-Stainless-Timeout, X-Stainless-Read-Timeout) is
no such limit: it is the longest silence that they bear, also within a stream that lasts for hours, and
they leave when it is over, which stops the work anyway.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Header
from starlette.requests import HTTPConnection

from workers.messages.deadline import deadline_in
from workers.messages.errors import RequestError

HEADER = "X-Request-Timeout"

Seconds = Annotated[
    str | None,
    Header(description="Seconds after which the answer is not wanted any more; it is then a 504."),
]


def deadline_of(connection: HTTPConnection) -> float | None:
    """Return when the client gives up (`time.monotonic()`); None if it does not say.

    Raises: RequestError for what is no time.
    """
    asked = connection.headers.get(HEADER)
    if asked is None:
        return None
    try:
        timeout_s = float(asked)
    except ValueError:
        raise RequestError(f"{HEADER} is {asked[:40]!r}; give seconds, like 30 or 2.5.") from None
    return deadline_in(timeout_s, HEADER)


async def tell_of_header(x_request_timeout: Seconds = None) -> None:
    """Let /docs name the header; `api.gate.gate` has read it before."""
