"""The door at /mcp. The protocol's library, 0.4 s of processor time, is imported at the first knock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

import anyio
from anyio.abc import TaskGroup, TaskStatus
from fastapi import FastAPI
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from api.gate.limits import COUNTED_INSIDE, KeyLimits
from configs.settings import Settings
from workers.client import Client

if TYPE_CHECKING:
    from .server import ToolServer

Run = Callable[[], AbstractAsyncContextManager[None]]


def mount_tools(api: FastAPI, client: Client, settings: Settings, limits: KeyLimits) -> Run:
    """Serve the tools at /mcp; returns what must run while the application does."""

    def create() -> ToolServer:
        from .server import create_tool_server

        return create_tool_server(client, settings, limits)

    door = _Door(create)
    api.router.routes.extend(Route(path, door) for path in COUNTED_INSIDE)
    return door.run


class _Door:
    """The ASGI application of the two paths."""

    def __init__(self, create: Callable[[], ToolServer]) -> None:
        self._create = create
        self._server: ToolServer | None = None
        self._opening = anyio.Lock()
        self._tasks: TaskGroup

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Have the server run while this lasts, once it was wanted."""
        async with anyio.create_task_group() as self._tasks:
            yield
            self._tasks.cancel_scope.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection. Raises: ImportError."""
        async with self._opening:
            if self._server is None:
                server = await anyio.to_thread.run_sync(self._create)
                await self._tasks.start(self._keep, server)
                self._server = server
        await self._server(scope, receive, send)

    @staticmethod
    async def _keep(server: ToolServer, *, task_status: TaskStatus[None]) -> None:
        async with server.run():
            task_status.started()
            await anyio.sleep_forever()
