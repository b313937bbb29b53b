"""Ways to order passages for a question: the parts of ours, and the whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from configs.catalogue import load_catalogue
from workers.engines.contract import CancelToken
from workers.engines.rag.reranking import Reranking
from workers.engines.rag.retrieval import reordered, retrieve, to_judge
from workers.flows.collection_test.metrics import CUT
from workers.messages import Passage
from workers.messages.process_spec import WorkerSettings
from workers.pool.threads import usable_cores

from .collection import MODEL, Prepared

Ranker = Callable[[str, str], list[str]]
"""Collection and question → texts, best first, `CUT` of them."""
RERANKER = "ms-marco-minilm-l6-v2"


def rankers(prepared: Prepared) -> dict[str, Ranker]:
    """Return the ways to measure, by the name of their row."""
    ways = Ways(prepared)
    found: dict[str, Ranker] = {
        "vectors alone": ways.vectors,
        "BM25 alone": ways.words,
        "fused": ways.fused,
    }
    return found | ({"fused + reranker": ways.reranked} if ways.has_reranker else {})


class Ways:
    """Asks the collections."""

    def __init__(self, prepared: Prepared) -> None:
        self._index, self._embedder = prepared.index, prepared.embedder
        settings = WorkerSettings(
            card=load_catalogue()[MODEL],
            threads=usable_cores(),
            slots=1,
            data_dir=Path.home() / ".quintet",
            limits={},
            reranker=load_catalogue()[RERANKER],
        )
        self._reranking = Reranking(settings, prepared.embedder)
        self.has_reranker = (settings.data_dir / "models" / RERANKER).is_dir()

    def passages(self, collection: str, question: str, top_k: int = CUT) -> tuple[Passage, ...]:
        """Return what a user would see."""
        vector = self._embedder.embed([question])[0]
        return retrieve(self._index, self._index.open(collection), question, vector, top_k)

    def vectors(self, collection: str, question: str) -> list[str]:
        """Order by cosine."""
        space = self._index.open(collection).space
        vector = self._embedder.embed([question])[0]
        hits = self._index.store.nearest(space, vector, CUT)
        return self._texts(collection, [hit.chunk_id for hit in hits])

    def words(self, collection: str, question: str) -> list[str]:
        """Order by BM25."""
        opened = self._index.open(collection)
        return self._texts(
            collection, list(self._index.document_store.matching(opened, question, CUT))
        )

    def fused(self, collection: str, question: str) -> list[str]:
        """Order as everybody's questions are."""
        return [passage.text for passage in self.passages(collection, question)]

    def reranked(self, collection: str, question: str) -> list[str]:
        """Order as with the reranker that `quintet models pull` brings."""
        found = self.passages(collection, question, to_judge(CUT))
        result = self._reranking.judge(question, [passage.text for passage in found], CancelToken())
        return [passage.text for passage in reordered(found, result.scores if result else ())][:CUT]

    def _texts(self, collection: str, chunk_ids: list[str]) -> list[str]:
        known = self._index.document_store.chunks(self._index.open(collection), chunk_ids)
        return [known[chunk_id][0].text for chunk_id in chunk_ids]
