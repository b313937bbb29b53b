"""What all engines on another server share: its address, its key, waiting for it, leaving it.

The official clients (`openai`, `anthropic`) do the talking: time-outs, retries with back-off,
`Retry-After`, streams. They run on an event loop in a thread of their own, because only there can a
connection that says nothing be closed at once: a blocking read ends when the server pleases.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import queue
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from configs.catalogue import ModelCard
from configs.errors import explain
from configs.secrets import read_secret
from workers.engines.contract import CancelToken
from workers.messages.errors import LoadError
from workers.models.state import missing_key
from workers.specs.spec import missing_library

from .errors import RemoteAddress, to_app_error

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from pydantic import SecretStr

Item = TypeVar("Item")
Options = TypeVar("Options", bound="RemoteOptions")

CANCEL_POLL_S = 0.05
"""How soon a cancelled request lets go of a server that says nothing."""
CONNECT_TIMEOUT_S = 5.0
CLOSE_TIMEOUT_S = 2.0
OPENAI_HOST = "api.openai.com"
CHATTY_LOGGERS = ("openai", "anthropic", "httpx", "httpx2", "httpcore", "httpcore2")


class RemoteOptions(BaseModel):
    """The `options` of a card whose model another server runs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    remote_model: str = ""
    """What that server calls the model; "": as the card's id."""
    api_key_env: str = ""
    """Name of the variable with the key; "": the server asks for none."""
    timeout_s: float = Field(default=60.0, gt=0)
    """Longest silence of the server."""
    max_retries: int = Field(default=3, ge=0)
    slots: int = Field(default=8, ge=1)
    """Requests at once."""
    extensions: bool | None = None
    """Whether it takes parameters that the API's own maker refuses (top_k, min_p…); None: every
    server does but OpenAI's and Anthropic's own."""
    omit: tuple[str, ...] = ()
    """Parameters that this model refuses, by their name in the request's body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteAccess:
    """A server and the key to it."""

    server: RemoteAddress
    key: SecretStr | None


def options_of(card: ModelCard, kind: type[Options]) -> Options:
    """Read the card's options. Raises: LoadError naming each wrong key."""
    try:
        return kind.model_validate(dict(card.options))
    except ValidationError as err:
        raise LoadError(f"The options of {card.id} are not right: {explain(err, kind)}.") from err


def access_to(card: ModelCard, options: RemoteOptions) -> RemoteAccess:
    """Return the card's server and the key to it.

    Raises: LoadError if the address is not one, or if the key is missing or cannot be one.
    """
    url = card.source.removeprefix("remote:").rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise LoadError(
            f"The source of {card.id} is not the address of a server.",
            "It must look like remote:https://host/v1; a key belongs into options.api_key_env.",
        )
    server = RemoteAddress(
        url=url,
        host=parts.netloc,
        model=options.remote_model or card.id,
        key_name=options.api_key_env,
        timeout_s=options.timeout_s,
    )
    return RemoteAccess(server=server, key=_key(card, server))


def _key(card: ModelCard, server: RemoteAddress) -> SecretStr | None:
    if not server.key_name:
        return None
    key = read_secret(server.key_name)
    if key is None:
        raise missing_key(card, server.key_name)
    if not (key.get_secret_value().isascii() and key.get_secret_value().isprintable()):
        # It would be refused later, by a library that quotes it.
        raise LoadError(
            f"The key in {server.key_name} contains characters that no key has.",
            "Copy it once more, without quotation marks and line breaks.",
        )
    return key


def connect(access: RemoteAccess, options: RemoteOptions) -> AsyncOpenAI:
    """Return OpenAI's client of that server. Raises: EngineNotInstalledError."""
    try:
        import openai
    except ImportError as err:
        raise missing_library("text", "remote", err) from err
    client = openai.AsyncOpenAI(
        base_url=access.server.url,
        # Never None: the client would take OPENAI_API_KEY, and send it to whatever server this is.
        api_key=access.key.get_secret_value() if access.key else "none",
        timeout=openai.Timeout(
            options.timeout_s, connect=min(options.timeout_s, CONNECT_TIMEOUT_S)
        ),
        max_retries=options.max_retries,
    )
    if access.server.host != OPENAI_HOST:
        client.organization = client.project = None  # from the environment, and OpenAI's alone
    return client


class _Closable(Protocol):
    async def close(self) -> None: ...


class RemoteServer:
    """Runs the requests of one client (of `openai` or `anthropic`); safe to use from threads."""

    def __init__(self, access: RemoteAccess, client: _Closable) -> None:
        self.server = access.server
        self._key = access.key
        self._client = client
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="remote", daemon=True)
        self._thread.start()
        for name in CHATTY_LOGGERS:  # their debug lines hold whole conversations
            logging.getLogger(name).setLevel(logging.WARNING)

    def call(self, work: Coroutine[Any, Any, Item], cancel: CancelToken) -> Item | None:
        """Wait for one answer; None once `cancel` is set. Raises: AppError."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            while not concurrent.futures.wait([future], CANCEL_POLL_S).done:
                if cancel.is_cancelled:
                    return None
                cancel.progressed()  # the library's own time-out bounds this silence
            return future.result()
        except Exception as err:
            explained = to_app_error(err, self.server, self._key)
            if explained is None:
                raise
            raise explained from err
        finally:
            future.cancel()

    def stream(
        self, source: Callable[[], AsyncIterator[Item]], cancel: CancelToken
    ) -> Generator[Item, None, None]:
        """Yield what `source` yields. Ends early, and closes it, once `cancel` is set.

        Raises: AppError.
        """
        items: queue.SimpleQueue[tuple[Item] | None] = queue.SimpleQueue()
        future = asyncio.run_coroutine_threadsafe(_pump(source, items), self._loop)
        try:
            while not cancel.is_cancelled:
                try:
                    item = items.get(timeout=CANCEL_POLL_S)
                except queue.Empty:
                    cancel.progressed()  # the library's own time-out bounds this silence
                    continue
                if item is None:
                    future.result()
                    return
                yield item[0]
        except Exception as err:
            explained = to_app_error(err, self.server, self._key)
            if explained is None:
                raise
            raise explained from err
        finally:
            future.cancel()

    def close(self) -> None:
        """End every connection."""
        closing = asyncio.run_coroutine_threadsafe(self._client.close(), self._loop)
        concurrent.futures.wait([closing], CLOSE_TIMEOUT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSE_TIMEOUT_S)
        if not self._thread.is_alive():
            self._loop.close()


async def _pump(
    source: Callable[[], AsyncIterator[Item]], items: queue.SimpleQueue[tuple[Item] | None]
) -> None:
    try:
        async for item in source():
            items.put((item,))
    finally:
        items.put(None)
