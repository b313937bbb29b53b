"""Passages for one subject: several queries to several collections, put into one order."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from workers.client import Client
from workers.messages import Event, Finished, Passage, Retrieve, Retrieved

PER_QUERY = 4
"""Passages that are looked for by each query, in each collection."""
RANK_OFFSET = 60
"""Of reciprocal rank fusion: Cormack, Clarke and Büttcher, SIGIR 2009."""


@dataclass(slots=True, kw_only=True)
class PassageSearch:
    """One search: what is asked, and what has been found so far."""

    queries: Sequence[str]
    collections: Sequence[str]
    end: Finished | None = None
    """How the last request ended."""
    where: dict[str, str] = field(default_factory=dict)
    """Chunk → the collection that it was found in."""
    _found: dict[str, Passage] = field(default_factory=dict)
    _ranks: dict[str, float] = field(default_factory=dict)

    async def events(self, client: Client) -> AsyncGenerator[Event, None]:
        """Yield what it waits for; ends early if it is stopped. Raises: AppError."""
        for query in dict.fromkeys(self.queries):
            for collection in self.collections:
                request = Retrieve(collection=collection, query=query, top_k=PER_QUERY)
                async with aclosing(client.astream(request)) as events:
                    async for event in events:
                        if isinstance(event, Retrieved):
                            self._add(event.passages, collection)
                        elif isinstance(event, Finished):
                            self.end = event
                        else:
                            yield event
                if self.end is not None and self.end.reason == "cancelled":
                    return

    def best(self, num_passages: int) -> tuple[Passage, ...]:
        """Return the passages that most queries found near their top, best first."""
        order = sorted(self._ranks, key=lambda chunk: -self._ranks[chunk])
        return tuple(self._found[chunk] for chunk in order[:num_passages])

    def _add(self, passages: Sequence[Passage], collection: str) -> None:
        for rank, passage in enumerate(passages, start=1):
            self._found.setdefault(passage.chunk_id, passage)
            self.where.setdefault(passage.chunk_id, collection)
            before = self._ranks.get(passage.chunk_id, 0.0)
            self._ranks[passage.chunk_id] = before + 1 / (RANK_OFFSET + rank)
