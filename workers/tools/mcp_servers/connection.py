"""One MCP server: connected when it is first wanted, again when it was lost, and closed at the end.

The protocol's library wants a connection to be opened and closed by one task: `_keep` is that task.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar, cast

from workers.messages.errors import AppError, RemoteError, TimedOutError
from workers.tools.records import ChatTool, ToolResult, ToolSource

from .config import ServerConfig
from .results import result_of

if TYPE_CHECKING:
    from mcp import ClientSession

T = TypeVar("T")

CONNECT_TIMEOUT_S = 30.0
"""A server that is fetched by its first start (npx, uvx) needs longer; the next try finds it."""
CLOSE_TIMEOUT_S = 5.0
PING_TIMEOUT_S = 5.0
MAX_PAGES = 20
"""Of a list of tools that comes page by page."""


class McpConnection:
    """Lives on one event loop."""

    def __init__(self, config: ServerConfig, *, timeout_s: float) -> None:
        self.config, self._timeout_s = config, timeout_s
        self._opening = asyncio.Lock()
        self._keeper: asyncio.Task[None] | None = None
        self._session: ClientSession | None = None
        self._tools: tuple[ChatTool, ...] = ()
        self._num_calls = 0

    async def source(self) -> ToolSource:
        """Return its tools, or why there are none; a lost connection is tried again."""
        try:
            await self._connected()
        except AppError as err:
            return ToolSource(
                name=self.config.name, title=self.config.name, kind="mcp", error=str(err)
            )
        return ToolSource(
            name=self.config.name, title=self.config.name, kind="mcp", tools=self._tools
        )

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Run a tool, once: what was lost on the way is not asked for again, it may have been done.

        Raises: TimedOutError; RemoteError in one sentence.
        """
        session = await self._connected()
        asked = session.call_tool(
            name, dict(arguments), read_timeout_seconds=timedelta(seconds=self._timeout_s)
        )
        self._num_calls += 1
        try:
            return result_of(await self._while_open(asked))
        except Exception as err:
            if _code(err) == _TIMED_OUT:
                raise TimedOutError(f"It took longer than {self._timeout_s:g} s.") from err
            raise self._error(err) from err
        finally:
            self._num_calls -= 1

    async def close(self) -> None:
        """End the connection, and the program if it is one of ours."""
        keeper, self._keeper, self._session = self._keeper, None, None
        if keeper is not None and not keeper.done():
            keeper.cancel()
            await asyncio.wait([keeper], timeout=CLOSE_TIMEOUT_S)

    async def _connected(self) -> ClientSession:
        """Return a session that answers. Raises: RemoteError, TimedOutError."""
        async with self._opening:
            if self._session is not None and await self._answers(self._session):
                return self._session
            await self.close()
            ready: asyncio.Future[ClientSession] = asyncio.get_running_loop().create_future()
            self._keeper = asyncio.create_task(self._keep(ready))
            try:
                session = await asyncio.wait_for(asyncio.shield(ready), CONNECT_TIMEOUT_S)
            except (asyncio.TimeoutError, TimeoutError) as err:
                await self.close()
                raise TimedOutError(
                    f"The server {self.config.name} gave no answer within {CONNECT_TIMEOUT_S:g} s."
                ) from err
            except asyncio.CancelledError:
                await self.close()
                raise
            self._session = session
            return session

    async def _answers(self, session: ClientSession) -> bool:
        """Whether a connection still stands. One at work is not asked: it may have no time for that."""
        if self._keeper is None or self._keeper.done():
            return False
        if self._num_calls:
            return True
        try:
            await asyncio.wait_for(self._while_open(session.send_ping()), PING_TIMEOUT_S)
        except Exception as err:  # noqa: BLE001 — whatever it is, the next connection will tell
            return _code(err) == _UNKNOWN_METHOD
        return True

    async def _while_open(self, asked: Coroutine[Any, Any, T]) -> T:
        """Wait for an answer, but not after the connection has ended. Raises: what either raises."""
        task = asyncio.ensure_future(asked)
        keeper = self._keeper
        try:
            await asyncio.wait(
                [task, *([keeper] if keeper is not None else [])],
                return_when=asyncio.FIRST_COMPLETED,
            )
            if not task.done():
                raise ConnectionError("the connection was lost while it ran")
            return task.result()
        finally:
            task.cancel()

    async def _keep(self, ready: asyncio.Future[ClientSession]) -> None:
        """Hold the connection open until this task is cancelled or the other side ends it."""
        with tempfile.TemporaryFile("w+", errors="replace") as errors:
            try:
                async with self._session_of(errors) as session:
                    await session.initialize()
                    self._tools = await self._listed(session)
                    if not ready.done():
                        ready.set_result(session)
                    await asyncio.Event().wait()
            except asyncio.CancelledError:
                if not ready.done():
                    ready.set_exception(self._error(ConnectionError("it was closed")))
                    ready.exception()
                raise
            except BaseException as err:  # noqa: BLE001 — groups of errors from the library, too
                if not ready.done():
                    ready.set_exception(self._error(err, _last_line(errors)))
                    ready.exception()  # whoever waited may have gone

    @asynccontextmanager
    async def _session_of(self, errors: Any) -> AsyncIterator[ClientSession]:
        import httpx
        from mcp import ClientSession, StdioServerParameters
        from mcp.client.stdio import stdio_client
        from mcp.client.streamable_http import streamable_http_client

        config = self.config
        async with AsyncExitStack() as stack:
            if config.command:
                parameters = StdioServerParameters(
                    command=config.command,
                    args=list(config.args),
                    env=dict(config.env) or None,
                    cwd=config.cwd,
                )
                reader, writer = await stack.enter_async_context(stdio_client(parameters, errors))
            else:
                limits = httpx.Timeout(CONNECT_TIMEOUT_S, read=None)  # each call has its own limit
                http = await stack.enter_async_context(
                    httpx.AsyncClient(headers=dict(config.headers), timeout=limits)
                )
                opened = streamable_http_client(config.url, http_client=http)
                reader, writer, _ = await stack.enter_async_context(opened)
            yield await stack.enter_async_context(ClientSession(reader, writer))

    async def _listed(self, session: ClientSession) -> tuple[ChatTool, ...]:
        from mcp.types import PaginatedRequestParams

        found: list[Any] = []
        cursor: str | None = None
        for _ in range(MAX_PAGES):
            page = await session.list_tools(params=PaginatedRequestParams(cursor=cursor))
            found += page.tools
            cursor = page.nextCursor
            if not cursor:
                break
        return tuple(
            ChatTool(
                id=f"{self.config.name}/{tool.name}",
                title=tool.name,
                description=tool.description or tool.title or "",
                parameters=tool.inputSchema,
                source=self.config.name,
            )
            for tool in found
        )

    def _error(self, err: BaseException, said: str = "") -> RemoteError:
        reason = _innermost(err)
        what = f"The server {self.config.name} cannot be used: {reason or type(err).__name__}."
        return RemoteError(what, f"It said: {said}" if said else "")


_TIMED_OUT = 408
_UNKNOWN_METHOD = -32601
"""Of the protocol's library, and of JSON-RPC."""


def _code(err: Exception) -> int | None:
    """Return the code of an error that the library raised for a request."""
    return getattr(getattr(err, "error", None), "code", None)


def _innermost(err: BaseException) -> str:
    """Return the first error of a group within groups: those of anyio hide the reason."""
    while found := getattr(err, "exceptions", None):
        err = cast(BaseException, found[0])
    if isinstance(err, OSError) and err.strerror:
        return f"{err.strerror}: {err.filename}" if err.filename else err.strerror
    return str(err).strip().rstrip(".")


def _last_line(errors: Any) -> str:
    """Return the last line that a program wrote on its error stream, if it is one."""
    with suppress(OSError, ValueError):
        errors.seek(0)
        lines = [line.strip() for line in errors.read()[-4096:].splitlines() if line.strip()]
        return lines[-1][:300] if lines else ""
    return ""
