"""A question → the passages that answer it: nearest vectors and shared words, ranked together.

Vectors find what means the same, BM25 finds names and numbers; `fusion` makes one order of the two, and
`duplicates` one passage of the same text in several files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from workers.messages import Chunk, DocumentInfo, Passage, PassageFilter, PassagePlace

from .collection_index import CollectionIndex
from .document_store import Collection
from .duplicates import groups
from .filtering import allowed
from .fusion import DEPTH, WORDS_DEPTH, fuse

if TYPE_CHECKING:
    from .engine import FloatArray

_READ_AT_ONCE = 1000
_JUDGED_PER_PASSAGE = 4
_MAX_JUDGED = 40
"""Passages that a reranker reads for one question, unless more are asked for: each costs a CPU some
10 ms with a small one, half a second with a large one."""


def to_judge(top_k: int) -> int:
    """How many passages to find for a reranker that is to choose `top_k` of them."""
    return max(top_k, min(top_k * _JUDGED_PER_PASSAGE, _MAX_JUDGED))


def reordered(passages: Sequence[Passage], relevances: Sequence[float]) -> tuple[Passage, ...]:
    """Return the passages by a reranker's scores, best first; equal ones keep their order."""
    judged = [
        replace(passage, relevance=relevance)
        for passage, relevance in zip(passages, relevances, strict=True)
    ]
    return tuple(sorted(judged, key=lambda passage: -(passage.relevance or 0.0)))


def retrieve(
    index: CollectionIndex,
    collection: Collection,
    query: str,
    vector: FloatArray,
    top_k: int,
    only: PassageFilter | None = None,
) -> tuple[Passage, ...]:
    """Return at most `top_k` passages, best first; `vector` is the query's, shape (dim,).

    Raises: UnsupportedInputError if the filter leaves nothing.
    """
    store = index.document_store
    ids = allowed(store, collection, only) if only else None
    by_words = store.matching(collection, query, WORDS_DEPTH, ids)
    if ids is None:
        cosines = _cosines(index, collection, vector, list(by_words)[:DEPTH])
    else:
        cosines = _nearest_of(index, collection, vector, ids)
    matches = fuse(cosines, by_words)
    known = index.document_store.chunks(collection, list(matches))
    ranked = ((one, known[one][0].text) for one in matches if one in known)
    passages = []
    for chunk_id, *others in groups(ranked, top_k):
        chunk, document = known[chunk_id]
        passages.append(
            Passage(
                chunk_id=chunk_id,
                document_id=chunk.document_id,
                document_name=document.name,
                page=chunk.page,
                text=chunk.text,
                score=cosines[chunk_id],
                match=matches[chunk_id],
                also_in=tuple(_place(*known[other]) for other in others),
                metadata=document.metadata,
                place=chunk.place,
            )
        )
    return tuple(passages)


def _cosines(
    index: CollectionIndex,
    collection: Collection,
    vector: FloatArray,
    by_words: Sequence[str],
) -> dict[str, float]:
    """Return id → cosine of the nearest chunks and of these found by words, the nearest first."""
    hits = index.store.nearest(collection.space, vector, DEPTH)
    cosines = {hit.chunk_id: hit.score for hit in hits}
    missing = [chunk_id for chunk_id in by_words if chunk_id not in cosines]
    rows = index.store.vectors(collection.space, missing)
    others = {chunk_id: float(rows[chunk_id] @ vector) for chunk_id in missing if chunk_id in rows}
    return cosines | others


def _nearest_of(
    index: CollectionIndex, collection: Collection, vector: FloatArray, ids: Sequence[str]
) -> dict[str, float]:
    """Return id → cosine of the nearest of some chunks: all are looked at, none is missed."""
    cosines: dict[str, float] = {}
    for at in range(0, len(ids), _READ_AT_ONCE):
        rows = index.store.vectors(collection.space, ids[at : at + _READ_AT_ONCE])
        cosines |= {chunk_id: float(row @ vector) for chunk_id, row in rows.items()}
    ranked = sorted(cosines.items(), key=lambda pair: -pair[1])
    return dict(ranked[: 2 * DEPTH])


def _place(chunk: Chunk, document: DocumentInfo) -> PassagePlace:
    return PassagePlace(
        document_id=chunk.document_id,
        document_name=document.name,
        page=chunk.page,
        place=chunk.place,
    )
