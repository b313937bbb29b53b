"""`quintet tools`: what models may call in a chat, where it comes from, and what is broken."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import typer

from .options import Json, Where, grouped
from .output import emit, note, say

if TYPE_CHECKING:
    from configs.settings import Settings
    from workers.tools.records import ToolSource


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(grouped(tools))


def tools(*, where: Where, as_json: Json = False) -> None:
    """List the tools that a model may call, with `chat --tool NAME` or in the page's chat."""
    from .opening import read_settings

    settings = read_settings(where)
    for source in asyncio.run(_sources(settings)):
        if as_json:
            emit(source)
            continue
        say(f"{source.title}" if source.kind != "mcp" else f"{source.title} (MCP server)")
        for tool in source.tools:
            first = tool.description.strip().splitlines()[:1]
            leave = "" if tool.asks_first else " (runs without asking)"
            say(f"  {tool.id}  {first[0] if first else ''}{leave}")
        if source.error:
            note(f"  {source.title}: {source.error}")
    if not as_json:
        note(_where(settings))


async def _sources(settings: Settings) -> tuple[ToolSource, ...]:
    from workers.flows.turns.chat_tools import listed_tools

    box = listed_tools(settings)
    try:
        return await box.sources()
    finally:
        await box.close()


def _where(settings: Settings) -> str:
    from workers.flows.turns.chat_tools import folder_of, servers_of

    return (
        f"Python files: {folder_of(settings)}; MCP servers: {servers_of(settings)}. "
        "docs/tools.md says how to add one."
    )
