"""A question → the passages that answer it: nearest vectors and shared words, ranked together.

Vectors find what means the same, BM25 finds names and numbers; reciprocal rank fusion needs no
common scale for the two. Source: Cormack, Clarke, Büttcher, SIGIR 2009.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from workers.messages import Passage

from .collection_index import CollectionIndex
from .document_store import Collection

if TYPE_CHECKING:
    from .engine import FloatArray

_FUSION_K = 60
"""Damps the first ranks; the paper's value."""
_CANDIDATES_PER_PASSAGE = 5
_JUDGED_PER_PASSAGE = 4
_MAX_JUDGED = 40
"""Passages that a reranker reads for one question, unless more are asked for: each costs a CPU some
10 ms with a small one, half a second with a large one."""


def fuse(rankings: Sequence[Sequence[str]]) -> list[str]:
    """Merge rankings: each gives 1 / (60 + rank) points; ties keep the first ranking's order."""
    points: dict[str, float] = {}
    for ranking in rankings:
        for rank, chunk_id in enumerate(ranking, start=1):
            points[chunk_id] = points.get(chunk_id, 0.0) + 1.0 / (_FUSION_K + rank)
    return sorted(points, key=lambda chunk_id: -points[chunk_id])


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
    index: CollectionIndex, collection: Collection, query: str, vector: FloatArray, top_k: int
) -> tuple[Passage, ...]:
    """Return at most `top_k` passages, best first; `vector` is the query's, shape (dim,)."""
    num_candidates = top_k * _CANDIDATES_PER_PASSAGE
    hits = index.store.nearest(collection.space, vector, num_candidates)
    by_words = index.document_store.matching(collection, query, num_candidates)
    ranked = fuse([[hit.chunk_id for hit in hits], by_words])
    known = index.document_store.chunks(collection, ranked)
    best = [chunk_id for chunk_id in ranked if chunk_id in known][:top_k]
    scores = {hit.chunk_id: hit.score for hit in hits}
    missing = [chunk_id for chunk_id in best if chunk_id not in scores]
    for chunk_id, row in index.store.vectors(collection.space, missing).items():
        scores[chunk_id] = float(row @ vector)
    passages = []
    for chunk_id in best:
        chunk, document = known[chunk_id]
        passages.append(
            Passage(
                chunk_id=chunk_id,
                document_id=chunk.document_id,
                document_name=document.name,
                page=chunk.page,
                text=chunk.text,
                score=scores.get(chunk_id, 0.0),
                metadata=document.metadata,
            )
        )
    return tuple(passages)
