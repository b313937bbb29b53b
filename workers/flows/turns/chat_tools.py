"""The tools of chats, built from settings: what there is for all, and what one answer has of it."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

from configs.settings import Settings
from configs.tool_settings import ToolSettings
from workers.client import Client, StopSwitch
from workers.messages import Collections, ListCollections, Passage, Retrieve, Retrieved
from workers.messages.errors import UnsupportedInputError
from workers.messages.places import place_in
from workers.tools.builtin import BuiltinTools, Search
from workers.tools.mcp_servers.provider import McpTools
from workers.tools.python.folder import PythonTools
from workers.tools.toolbox import Toolbox

from .calls import CallRecord
from .consents import Consents

FOLDER = "tools"
SERVERS = "mcp.json"
"""Both in the data folder."""
MAX_COLLECTIONS = 10
TOP_K = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatTools:
    """What all chats share."""

    box: Toolbox
    settings: ToolSettings


@dataclass(slots=True, kw_only=True)
class TurnTools:
    """What one answer has of them; several questions to the model in it share this."""

    shared: ChatTools
    consents: Consents
    switch: StopSwitch
    """Ends calls too."""
    calls: list[CallRecord] = field(default_factory=list)
    """All calls of the answer so far, in their order."""


def chat_tools(client: Client, settings: Settings) -> ChatTools:
    """Return the tools that settings say; nothing is started before somebody asks for them."""

    async def search(query: str, collection: str) -> str:
        return await passages_as_text(client, query, collection)

    return ChatTools(box=_box(settings, search), settings=settings.tools)


def listed_tools(settings: Settings) -> Toolbox:
    """Return the tools to look at: nothing can search documents with them."""

    async def search(query: str, collection: str) -> str:
        raise UnsupportedInputError("Documents are searched in a chat.")

    return _box(settings, search)


def folder_of(settings: Settings) -> Path:
    """Return where the Python files are."""
    return settings.tools.folder or settings.data_dir / FOLDER


def servers_of(settings: Settings) -> Path:
    """Return the file of MCP servers."""
    return settings.tools.mcp_servers or settings.data_dir / SERVERS


def _box(settings: Settings, search: Search) -> Toolbox:
    tools = settings.tools
    providers = (
        BuiltinTools(search, fetches_pages=tools.fetch_pages),
        PythonTools(folder_of(settings), timeout_s=tools.timeout_s),
        McpTools(servers_of(settings), timeout_s=tools.timeout_s),
    )
    return Toolbox(providers, tools.unasked)


async def passages_as_text(client: Client, query: str, collection: str) -> str:
    """Return the passages nearest to a query, best first, each with where it stands; "": any collection.

    Raises: AppError; NotFoundError for a collection that is not there.
    """
    names = (collection,) if collection else await _names(client)
    found: list[Passage] = []
    for name in names[:MAX_COLLECTIONS]:
        request = Retrieve(collection=name, query=query, top_k=TOP_K)
        async with aclosing(client.astream(request)) as events:
            async for event in events:
                found += event.passages if isinstance(event, Retrieved) else ()
    best = sorted(found, key=lambda one: (one.relevance or 0.0, one.score), reverse=True)[:TOP_K]
    lines = [f"[{_place(passage)}]\n{passage.text}" for passage in best]
    if len(names) > MAX_COLLECTIONS:
        lines.append(f"[Searched: {MAX_COLLECTIONS} of {len(names)} collections. Name one.]")
    if not names:
        return "There are no documents yet."
    return "\n\n".join(lines) or "Nothing was found."


async def _names(client: Client) -> tuple[str, ...]:
    events = await client.arun(ListCollections())
    listed = (event.collections for event in events if isinstance(event, Collections))
    return tuple(one.name for collections in listed for one in collections if one.num_chunks)


def _place(passage: Passage) -> str:
    return place_in(passage.document_name, passage.page, dict(passage.place))
