"""A server of the official library, for tests: `mcp_script.py stdio`, or `streamable-http PORT`."""

from __future__ import annotations

import asyncio
import os
import sys

from mcp.server.fastmcp import FastMCP, Image

server = FastMCP("demo", log_level="ERROR")


@server.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool()
def draw() -> Image:
    """Draw something."""
    return Image(data=b"abc", format="png")


@server.tool()
def fail() -> str:
    """Fail."""
    raise ValueError("no luck")


@server.tool()
async def hang() -> str:
    """Never end."""
    await asyncio.Event().wait()
    return ""


@server.tool()
def die() -> None:
    """End the whole server."""
    os._exit(4)


if __name__ == "__main__":
    if sys.argv[1] == "stdio":
        server.run("stdio")
    else:
        server.settings.port = int(sys.argv[2])
        server.run("streamable-http")
