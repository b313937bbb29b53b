"""All tools of a chat: what there is, which are chosen, and their calls."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workers.messages import Tool
from workers.messages.errors import NotFoundError

from .records import ChatTool, ToolProvider, ToolResult, ToolSource

ALL_OF = "/*"
MAX_NAME = 64
"""Of a function, for most servers of models; they also allow no characters but these."""
_FOREIGN = re.compile(r"[^a-zA-Z0-9_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenTools:
    """Tools that a model may call, by the name that it knows each by."""

    tools: Mapping[str, ChatTool]
    missing: tuple[str, ...] = ()
    """What was chosen and is not there, each with its reason in one sentence."""


class Toolbox:
    """Lives on one event loop. Which sources there are is asked anew each time: files change."""

    def __init__(self, providers: Sequence[ToolProvider], unasked: Sequence[str] = ()) -> None:
        """`unasked`: ids of tools that need nobody's leave; "weather/*": all of a source."""
        self._providers = tuple(providers)
        self._unasked = tuple(unasked)
        self._owners: dict[str, ToolProvider] = {}

    async def sources(self, *, with_own: bool = True) -> tuple[ToolSource, ...]:
        """Return every source with its tools or its error; a second one of a name is an error.

        `with_own`: also this machine's own, which are started for that if need be.
        """
        providers = [one for one in self._providers if with_own or one.is_built_in]
        listed = await asyncio.gather(*(provider.sources() for provider in providers))
        seen: dict[str, ToolSource] = {}
        doubled: list[ToolSource] = []
        for provider, sources in zip(providers, listed, strict=True):
            for source in sources:
                if source.name in seen:
                    error = (
                        f"Another source is called {source.name} too: {seen[source.name].title}."
                    )
                    doubled.append(replace(source, tools=(), error=error))
                    continue
                tools = tuple(self._marked(tool) for tool in source.tools)
                seen[source.name] = replace(source, tools=tools)
                self._owners |= {tool.id: provider for tool in source.tools}
        return (*seen.values(), *doubled)

    async def choose(self, names: Iterable[str]) -> ChosenTools:
        """Return the tools that names mean: an id, or "source/*" for all of one."""
        wanted = tuple(dict.fromkeys(names))
        sources = await self.sources() if wanted else ()
        chosen = {
            tool.id: tool for name in wanted for source in sources for tool in _named(source, name)
        }
        return ChosenTools(tools=_by_name(chosen.values()), missing=missing_from(wanted, sources))

    async def call(self, tool: ChatTool, arguments: Mapping[str, Any]) -> ToolResult:
        """Run a tool. Cancelling ends it. Raises: AppError."""
        owner = self._owners.get(tool.id)
        if owner is None:
            raise NotFoundError(f"There is no tool {tool.id!r}.")
        return await owner.call(tool, arguments)

    async def close(self) -> None:
        """End what the sources have started."""
        await asyncio.gather(*(provider.close() for provider in self._providers))

    def _marked(self, tool: ChatTool) -> ChatTool:
        return replace(tool, asks_first=not is_named(tool.id, self._unasked))


def is_named(tool: str, names: Iterable[str]) -> bool:
    """Whether an id is among names, of which some may mean all of a source."""
    source = tool.rpartition("/")[0]
    return any(name == tool or (source and name == source + ALL_OF) for name in names)


def missing_from(names: Iterable[str], sources: Sequence[ToolSource]) -> tuple[str, ...]:
    """Return a sentence for each name that means no tool of these sources: why it is not there."""
    return tuple(
        _why_missing(name, sources)
        for name in names
        if not any(_named(source, name) for source in sources)
    )


def _named(source: ToolSource, name: str) -> list[ChatTool]:
    return [tool for tool in source.tools if is_named(tool.id, (name,))]


def as_request_tools(tools: Mapping[str, ChatTool]) -> tuple[Tool, ...]:
    """Return tools as a request carries them."""
    import json

    return tuple(
        Tool(name=name, description=tool.description, parameters=json.dumps(tool.parameters))
        for name, tool in tools.items()
    )


def _by_name(tools: Iterable[ChatTool]) -> dict[str, ChatTool]:
    """Give each tool the name that a model calls it by: its own, unless two have the same."""
    listed = list(tools)
    plain = [_FOREIGN.sub("_", tool.title) for tool in listed]
    named: dict[str, ChatTool] = {}
    for tool, name in zip(listed, plain, strict=True):
        own = name if plain.count(name) == 1 else _FOREIGN.sub("_", tool.id.replace("/", "__"))
        short, number = own[-MAX_NAME:], 2
        while short in named:
            short, number = f"{own[-MAX_NAME + 4 :]}_{number}", number + 1
        named[short] = tool
    return named


def _why_missing(name: str, sources: Sequence[ToolSource]) -> str:
    source = name.rpartition("/")[0]
    broken = next((one for one in sources if one.name == source and one.error), None)
    if broken is not None:
        return f"{name} is not there: {broken.error}"
    return f"There is no tool {name!r}."


def is_own(name: str) -> bool:
    """Whether a tool, by its id or its "source/*", is this machine's own, which an admin has put there."""
    return "/" in name
