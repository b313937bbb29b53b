"""Put documents in the order in which they answer a query.

By the cosine of the embedding model's vectors: each text is read by itself. A cross-encoder, which
reads query and document together, orders better; none is in the catalogue. Texts count as far as
the embedding model reads (256 tokens for MiniLM).
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul

from workers.client import Client
from workers.errors import UnsupportedInputError
from workers.messages import Embed, Embedded

MAX_DOCUMENTS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One document of a ranking."""

    index: int
    """Its place among the documents as given."""
    score: float
    """Cosine similarity to the query, [-1, 1], higher is better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """All documents, the best first."""

    documents: tuple[Ranked, ...]
    num_tokens: int
    """Tokens that the model read."""


async def rerank(
    client: Client, query: str, documents: Sequence[str], model: str | None = None
) -> Ranking:
    """Return the documents' order; equal scores keep the order as given.

    Raises: UnsupportedInputError for an empty query or document, none, or more than
    `MAX_DOCUMENTS`; AppError.
    """
    _check(query, documents)
    events = await client.arun(Embed(texts=(query, *documents), model=model))
    embedded = next(event for event in events if isinstance(event, Embedded))
    scores = await asyncio.to_thread(_scores, embedded)
    ranked = [Ranked(index=index, score=score) for index, score in enumerate(scores)]
    ranked.sort(key=lambda item: -item.score)
    return Ranking(documents=tuple(ranked), num_tokens=embedded.num_tokens)


def _check(query: str, documents: Sequence[str]) -> None:
    if not query.strip():
        raise UnsupportedInputError("The query is empty: there is nothing to compare with.")
    if not 1 <= len(documents) <= MAX_DOCUMENTS:
        raise UnsupportedInputError(
            f"{len(documents)} documents were given; 1 to {MAX_DOCUMENTS} can be ordered at once."
        )
    for index, document in enumerate(documents):
        if not document.strip():
            raise UnsupportedInputError(f"Document {index} is empty.", "Leave it out.")


def _scores(embedded: Embedded) -> list[float]:
    """Dot products of the first row with all others; rows have length 1."""
    row_format = struct.Struct(f"<{embedded.dim}f")
    query, *rows = row_format.iter_unpack(embedded.vectors)
    return [sum(map(mul, query, row)) for row in rows]
