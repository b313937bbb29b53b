"""All MCP servers of a file. One that is down is said to be, and loses only itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workers.messages.errors import NotFoundError
from workers.tools.records import ChatTool, ToolResult, ToolSource

from .config import BrokenServer, ServerConfig, read_servers
from .connection import McpConnection


class McpTools:
    """The servers' tools; a file that has changed is read again when one looks."""

    is_built_in = False

    def __init__(self, path: Path, *, timeout_s: float) -> None:
        self._path, self._timeout_s = path, timeout_s
        self._connections: dict[str, McpConnection] = {}

    async def sources(self) -> tuple[ToolSource, ...]:
        """See `ToolProvider`."""
        return tuple(await asyncio.gather(*map(self._source, await self._configured())))

    async def call(self, tool: ChatTool, arguments: Mapping[str, Any]) -> ToolResult:
        """See `ToolProvider`."""
        connection = self._connections.get(tool.source)
        if connection is None:
            raise NotFoundError(f"There is no server {tool.source} any more.")
        return await connection.call(tool.title, arguments)

    async def close(self) -> None:
        """See `ToolProvider`."""
        connections = list(self._connections.values())
        self._connections.clear()
        await asyncio.gather(*(one.close() for one in connections))

    async def _configured(self) -> tuple[ServerConfig | BrokenServer, ...]:
        """Read the file; connections of servers that changed in it, or left it, are closed."""
        read = await asyncio.to_thread(read_servers, self._path)
        wanted = {one.name: one for one in read if isinstance(one, ServerConfig)}
        for name, connection in list(self._connections.items()):
            if wanted.get(name) != connection.config:
                del self._connections[name]
                await connection.close()
        for name, config in wanted.items():
            if name not in self._connections:
                self._connections[name] = McpConnection(config, timeout_s=self._timeout_s)
        return read

    async def _source(self, config: ServerConfig | BrokenServer) -> ToolSource:
        if isinstance(config, BrokenServer):
            return ToolSource(name=config.name, title=config.name, kind="mcp", error=config.error)
        return await self._connections[config.name].source()
