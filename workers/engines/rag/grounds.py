"""Can what was found be about the question? Three signs, measured on the collection itself.

How near questions about everyday things come to this collection with this embedder; how many of the
question's words one passage has, rare ones counting more; and whether the names of the question stand in
the passages at all. What follows from them is decided in `workers/flows/off_topic.py`.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from workers.messages import Grounds, Passage
from workers.messages.names import names_in

from .collection_index import CollectionIndex
from .document_store import Collection
from .foreign import QUESTIONS
from .lexical import query_words

if TYPE_CHECKING:
    from .engine import Embedder, FloatArray

DEVIATIONS = 1.75
"""Above the mean of the foreign questions lies the floor; chosen on the tuning half of benchmarks/finding."""
_GROWTH = 0.1
"""A collection that has grown or shrunk by a smaller share keeps its floor."""


class Weighing:
    """Weighs what is found, and remembers each collection's floor."""

    def __init__(self, index: CollectionIndex, embedder: Embedder) -> None:
        self._index = index
        self._embedder = embedder
        self._foreign: FloatArray | None = None
        self._floors: dict[int, tuple[int, float]] = {}
        self._measuring = threading.Lock()

    def grounds(
        self,
        collection: Collection,
        query: str,
        vector: FloatArray,
        passages: Sequence[Passage],
    ) -> Grounds | None:
        """Return the signs; None without a passage."""
        nearest = self._index.store.nearest(collection.space, vector, 1)
        if not passages or not nearest:
            return None
        return Grounds(
            nearest=nearest[0].score,
            floor=self.floor(collection),
            coverage=self._coverage(collection, query, passages),
            missing=self._missing(collection, query, passages),
        )

    def floor(self, collection: Collection) -> float:
        """Return the cosine below which a question is as far away as those about something else."""
        documents = self._index.document_store.documents(collection)
        num_chunks = sum(document.num_chunks for document in documents)
        with self._measuring:
            before, floor = self._floors.get(collection.key, (0, 0.0))
            if not before or abs(num_chunks - before) > _GROWTH * before:
                floor = self._measured(collection)
                self._floors[collection.key] = (num_chunks, floor)
        return floor

    def _measured(self, collection: Collection) -> float:
        import numpy as np

        if self._foreign is None:
            step = self._embedder.batch_size
            batches = [QUESTIONS[at : at + step] for at in range(0, len(QUESTIONS), step)]
            prompt = self._embedder.prompts.query
            self._foreign = np.concatenate([self._embedder.embed(one, prompt) for one in batches])
        nearest = [
            hits[0].score
            for row in self._foreign
            if (hits := self._index.store.nearest(collection.space, row, 1))
        ]
        return float(np.mean(nearest) + DEVIATIONS * np.std(nearest)) if nearest else 0.0

    def _coverage(self, collection: Collection, query: str, passages: Sequence[Passage]) -> float:
        store = self._index.document_store
        ids = [passage.chunk_id for passage in passages]
        total = sum(one.num_chunks for one in store.collections())
        all_weights, weights = 0.0, dict.fromkeys(ids, 0.0)
        for word in query_words(query):
            count, having = store.word_places(collection, word, ids)
            weight = math.log(1 + total / (1 + count))
            all_weights += weight
            for chunk_id in having:
                weights[chunk_id] += weight
        return max(weights.values()) / all_weights if all_weights else 0.0

    def _missing(
        self, collection: Collection, query: str, passages: Sequence[Passage]
    ) -> tuple[str, ...]:
        store = self._index.document_store
        ids = [passage.chunk_id for passage in passages]
        return tuple(
            name for name in names_in(query) if not store.word_places(collection, name, ids)[1]
        )
