"""Passages of chosen collections and of long attached files: found, judged, and given to the model."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workers.chats.files import AttachedFiles
from workers.client import Client
from workers.messages import Event, Grounds, Passage, Retrieve, Retrieved
from workers.messages.errors import CollectionNotFoundError, RequestError, UnsupportedInputError

from .attached.reading import FileReading, relayed, was_stopped

TOP_K = 6
"""Passages for one question, as for questions to one collection."""
MAX_KEPT_CHARS = 4_000
"""Of one passage in a chat's file; a chunk has about a quarter."""


@dataclass(slots=True, kw_only=True)
class Search:
    """What is searched for one question, and what was found."""

    collections: Mapping[str, str]
    """What to search → what people call it; "" for an attached file."""
    query: str = ""
    is_rewritten: bool = False
    found: list[tuple[Passage, str]] = field(default_factory=list)
    """The best first, each with its collection as people call it."""
    missing: list[str] = field(default_factory=list)
    """Why some collections were not searched, as sentences."""
    grounds: list[Grounds] = field(default_factory=list)
    """Of each collection that has passages: whether they can be about the question."""
    reranker: str = ""
    is_stopped: bool = False

    @property
    def passages(self) -> tuple[Passage, ...]:
        """What was found, best first."""
        return tuple(passage for passage, _ in self.found)

    @property
    def names(self) -> list[str]:
        """The collections that somebody chose."""
        return [name for name in self.collections.values() if name]


def to_search(
    chosen: Sequence[str], readings: Sequence[FileReading], files: AttachedFiles | None
) -> dict[str, str]:
    """Return the collections to search: those that were chosen, and those of long attached files."""
    own = (
        {}
        if files is None
        else {files.collection(one.file.id): "" for one in readings if _is_searched(one)}
    )
    return {**own, **{name: name for name in dict.fromkeys(chosen)}}


def _is_searched(reading: FileReading) -> bool:
    return reading.is_long and reading.is_read


async def search(client: Client, wanted: Search) -> AsyncGenerator[Event, None]:
    """Yield how far it is; `wanted` then has the passages. Raises: AppError.

    A collection that is gone, or was written by another embedding model, is said to be left out;
    RequestError if none is left.
    """
    found: list[list[tuple[Passage, str]]] = []
    for collection, name in wanted.collections.items():
        events: list[Event] = []
        request = Retrieve(collection=collection, query=wanted.query, top_k=TOP_K, weighs=True)
        try:
            async for event in relayed(client, request, events):
                yield event
        except (CollectionNotFoundError, UnsupportedInputError) as err:
            wanted.missing.append(str(err))
            continue
        if was_stopped(events):
            wanted.is_stopped = True
            return
        for event in events:
            if isinstance(event, Retrieved):
                wanted.reranker = event.reranker
                wanted.grounds += [event.grounds] if event.grounds else []
                found.append([(passage, name) for passage in event.passages])
    if wanted.missing and len(wanted.missing) == len(wanted.collections):
        raise RequestError(" ".join(wanted.missing))
    wanted.found = merged(found)


def merged(found: Sequence[Sequence[tuple[Passage, str]]]) -> list[tuple[Passage, str]]:
    """Return the best of what was found in each collection, each text once, best first.

    One collection keeps its order, which knows more than the scores. Several are put in order by what
    one model said of all: the reranker, else the embedding model.
    """
    once: dict[tuple[str, str], tuple[Passage, str]] = {}
    for passage, name in (one for some in found for one in some):
        once.setdefault((passage.document_id, passage.text), (passage, name))
    has_relevance = all(passage.relevance is not None for passage, _ in once.values())

    def order(one: tuple[Passage, str]) -> float:
        passage = one[0]
        return -((passage.relevance or 0.0) if has_relevance else passage.score)

    best = list(once.values())
    return (sorted(best, key=order) if len(found) > 1 else best)[:TOP_K]


def kept_sources(search: Search, num_used: int) -> list[dict[str, Any]]:
    """Return the passages as an answer's details have them, in the order of their numbers."""
    return [
        {
            "document": passage.document_name,
            "document_id": passage.document_id,
            "collection": collection,
            "page": passage.page,
            "place": dict(passage.place),
            "text": passage.text[:MAX_KEPT_CHARS],
            "score": round(passage.score, 4),
            "relevance": None if passage.relevance is None else round(passage.relevance, 4),
            "is_used": place < num_used,
        }
        for place, (passage, collection) in enumerate(search.found)
    ]


def kept_search(search: Search) -> dict[str, Any]:
    """Return what was searched, as an answer's details have it."""
    return {
        "query": search.query,
        "is_rewritten": search.is_rewritten,
        "collections": search.names,
        "missing": search.missing,
    }
