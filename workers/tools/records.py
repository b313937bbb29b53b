"""What a tool is, where it comes from, and what a call of it comes to: values, no behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

SourceKind = Literal["builtin", "python", "mcp"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatTool:
    """A function that a model may call in a chat."""

    id: str
    """How settings and chats name it: "calculator", "weather/get_weather", "github/search"."""
    title: str
    """For people: the function's own name."""
    description: str
    """For the model, and for people who choose."""
    parameters: Mapping[str, Any]
    """JSON schema of its arguments: an object."""
    source: str
    """Name of the source that it belongs to."""
    asks_first: bool = True
    """Whether somebody must allow a call before it runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSource:
    """A place that tools come from: what is built in, one Python file, one server."""

    name: str
    title: str
    """For people: "Built in", "weather.py", the name of a server."""
    kind: SourceKind
    tools: tuple[ChatTool, ...] = ()
    error: str = ""
    """Why it gives no tools, or not all, in one sentence; "": it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What a call came to."""

    text: str
    """For the model."""
    is_error: bool = False
    note: str = ""
    """What was left out of it, in one sentence; "": nothing."""


class ToolProvider(Protocol):
    """One kind of source."""

    is_built_in: bool
    """Whether its tools come with Quintet and do nothing to this machine: everybody may have them called."""

    async def sources(self) -> tuple[ToolSource, ...]:
        """Return what there is now; what is broken is named with its error. Never raises."""
        ...

    async def call(self, tool: ChatTool, arguments: Mapping[str, Any]) -> ToolResult:
        """Run a tool of one of its sources. Cancelling ends it. Raises: AppError."""
        ...

    async def close(self) -> None:
        """End what it has started."""
        ...
