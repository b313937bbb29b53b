"""Put documents in the order in which they answer a query.

By the reranker that is set up (`workers.rag.reranker`), which reads query and document together; by
the cosine of an embedding model's vectors if there is none, or if that model is asked for by its
name. Texts count as far as the model reads (256 tokens for MiniLM).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workers.client import Client
from workers.messages import Rerank, Reranked
from workers.messages.errors import UnsupportedInputError

MAX_DOCUMENTS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One document of a ranking."""

    index: int
    """Its place among the documents as given."""
    score: float
    """Higher is better: of a reranker [0, 1], the cosine similarity to the query otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """All documents, the best first."""

    documents: tuple[Ranked, ...]
    num_tokens: int
    """Tokens that the model read."""
    model: str
    """Id of the model that gave the scores."""


async def rerank(
    client: Client, query: str, documents: Sequence[str], model: str | None = None
) -> Ranking:
    """Return the documents' order; equal scores keep the order as given.

    `model`: the reranker's id, an embedding model's, or None for what orders best.
    Raises: UnsupportedInputError for an empty query or document, none, or more than
    `MAX_DOCUMENTS`; AppError.
    """
    _check(query, documents)
    events = await client.arun(_request(client, query, documents, model))
    found = next(event for event in events if isinstance(event, Reranked))
    ranked = [Ranked(index=index, score=score) for index, score in enumerate(found.scores)]
    ranked.sort(key=lambda item: -item.score)
    return Ranking(documents=tuple(ranked), num_tokens=found.num_tokens, model=found.model)


def _request(client: Client, query: str, documents: Sequence[str], model: str | None) -> Rerank:
    """The reranker lives beside the default embedder: another name means another worker."""
    texts = tuple(documents)
    if model is None or model == client.models.reranker:
        return Rerank(query=query, texts=texts)
    return Rerank(query=query, texts=texts, model=model, by_vectors=True)


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
