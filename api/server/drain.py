"""The end of service: new work is refused, what runs is counted, so that somebody can wait for it.

A middleware in front of the gate. Reading is no work: who looks at the page while Quintet stops still
sees what its workers do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from starlette.types import ASGIApp, Receive, Scope, Send

from api.core.dialect import Dialect, dialect_of
from api.core.errors import headers_of
from api.gate.origin import SAFE_METHODS
from api.gate.refusal import answer
from workers.messages.errors import PoolClosedError

PAGE = "/gradio_api/"
PAGE_WORK = ("/queue/join", "/call/", "/upload")
"""Of the page's own calls, those that begin something; the others stop it, or look."""
PAGE_EVENTS = ("/queue/data", "/call/")
"""Where the page hears what it began; open only while something goes on."""


class Drain:
    """Whether the end has begun, and how many requests are still being answered."""

    def __init__(self) -> None:
        self.has_begun = False
        self.num_running = 0

    def begin(self) -> None:
        """Refuse new work from now on."""
        self.has_begun = True

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count what runs inside."""
        self.num_running += 1
        try:
            yield
        finally:
            self.num_running -= 1


class DrainGate:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, drain: Drain, dialects: Sequence[Dialect]) -> None:
        self._app = app
        self._drain = drain
        self._dialects = dialects

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, or refuse it."""
        is_work = _is_work(scope)
        if is_work and self._drain.has_begun:
            error = PoolClosedError("Quintet is stopping.", "Ask again once it runs.")
            response = dialect_of(scope["path"], self._dialects).on_error(error)
            response.headers.update({**headers_of(error), "Connection": "close"})
            await answer(response, scope, receive, send)
        elif is_work or _is_events(scope):
            with self._drain.counted():
                await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _is_work(scope: Scope) -> bool:
    if scope["type"] != "http":
        return bool(scope["type"] == "websocket")
    if scope["method"] in SAFE_METHODS:
        return False
    path: str = scope["path"]
    return not path.startswith(PAGE) or any(part in path for part in PAGE_WORK)


def _is_events(scope: Scope) -> bool:
    path: str = scope.get("path", "")
    return path.startswith(PAGE) and any(part in path for part in PAGE_EVENTS)
