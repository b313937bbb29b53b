"""The few tools that are always here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from workers.messages.errors import NotFoundError

from .calculator import calculate
from .clock import time_in
from .page import read_page
from .records import ChatTool, ToolResult, ToolSource

SOURCE = "builtin"
SEARCH = "search_documents"
FETCH = "fetch_page"

Search = Callable[[str, str], Awaitable[str]]
"""From a query and the name of a collection ("": all) to the passages as text. Raises: AppError."""


def _object(required: str, **properties: str) -> Mapping[str, Any]:
    return {
        "type": "object",
        "properties": {
            name: {"type": "string", "description": text} for name, text in properties.items()
        },
        "required": [required] if required else [],
        "additionalProperties": False,
    }


def _tool(name: str, description: str, parameters: Mapping[str, Any]) -> ChatTool:
    return ChatTool(
        id=name, title=name, description=description, parameters=parameters, source=SOURCE
    )


CALCULATOR = _tool(
    "calculator",
    "Calculate an arithmetic expression exactly.",
    _object(
        "expression", expression='Such as "2 * (3 + 4) ** 2" or "sqrt(2)"; numbers without units.'
    ),
)
CLOCK = _tool(
    "clock",
    "Say the date, the weekday and the time now.",
    _object("", zone='A time zone such as "Asia/Tokyo"; left out: that of this machine.'),
)
SEARCH_TOOL = _tool(
    SEARCH,
    "Find passages in the user's own documents.",
    _object(
        "query",
        query="What to look for, in a few words.",
        collection="Name of a collection; left out: all of them.",
    ),
)
FETCH_TOOL = _tool(
    FETCH, "Read a public page of the web as text.", _object("url", url="Its http(s) address.")
)


class BuiltinTools:
    """Calculator, clock, and, where the flow and the settings give them, documents and pages."""

    is_built_in = True

    def __init__(self, search: Search | None = None, *, fetches_pages: bool = False) -> None:
        self._search = search
        self._tools = (
            CALCULATOR,
            CLOCK,
            *((SEARCH_TOOL,) if search is not None else ()),
            *((FETCH_TOOL,) if fetches_pages else ()),
        )

    async def sources(self) -> tuple[ToolSource, ...]:
        """See `ToolProvider`."""
        return (ToolSource(name=SOURCE, title="Built in", kind="builtin", tools=self._tools),)

    async def call(self, tool: ChatTool, arguments: Mapping[str, Any]) -> ToolResult:
        """See `ToolProvider`."""
        given = {name: str(value) for name, value in arguments.items()}
        if tool.id not in {own.id for own in self._tools}:
            raise NotFoundError(f"There is no tool {tool.id!r}.")
        if tool.id == CALCULATOR.id:
            return ToolResult(text=calculate(given["expression"]))
        if tool.id == CLOCK.id:
            return ToolResult(text=time_in(given.get("zone", "")))
        if tool.id == SEARCH and self._search is not None:
            return ToolResult(text=await self._search(given["query"], given.get("collection", "")))
        return ToolResult(text=await read_page(given["url"]))

    async def close(self) -> None:
        """See `ToolProvider`."""
