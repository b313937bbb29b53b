"""The text in pictures, read by a Quintet that runs elsewhere: its MCP tool needs no question."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING

from workers.messages import Media
from workers.messages.errors import RemoteError, RequestError

if TYPE_CHECKING:
    from mcp.types import CallToolResult

TOOL = "describe_image"
TIMEOUT_S = 300
"""One picture, on a slow machine."""


def read_there(url: str, headers: dict[str, str], pictures: Sequence[Media]) -> str:
    """Return the text of all pictures. Raises: RequestError, RemoteError, OSError."""
    coded = [base64.b64encode(picture.read()).decode() for picture in pictures]
    try:
        results = asyncio.run(_call(f"{url}/mcp", headers, coded))
    except Exception as err:  # the protocol's library raises groups of what its tasks met
        raise RemoteError(
            f"{url} did not read the picture.", "Ask a question about it instead."
        ) from err
    return "\n".join(_text(result) for result in results)


async def _call(url: str, headers: dict[str, str], coded: Sequence[str]) -> list[CallToolResult]:
    import httpx
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async with (
        httpx.AsyncClient(headers=headers, timeout=TIMEOUT_S) as client,
        streamable_http_client(url, http_client=client) as (reader, writer, _),
        ClientSession(reader, writer) as session,
    ):
        await session.initialize()
        return [await session.call_tool(TOOL, {"image": image}) for image in coded]


def _text(result: CallToolResult) -> str:
    """Raises: RequestError with what the server said."""
    text = "\n".join(part.text for part in result.content if part.type == "text")
    if result.isError:
        raise RequestError(text)
    return text
