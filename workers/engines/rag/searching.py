"""Answers Retrieve: finds, lets the reranker judge if there is one, and weighs what was found if asked to."""

from __future__ import annotations

from collections.abc import Iterator

from workers.engines.contract import CancelToken
from workers.messages import Event, Retrieve, Retrieved
from workers.messages.errors import UnsupportedInputError

from .collection_index import CollectionIndex
from .engine import Embedder
from .grounds import Weighing
from .reranking import Reranking
from .retrieval import reordered, retrieve, to_judge

_MAX_TOP_K = 50


class Searching:
    """Looks into the collections."""

    def __init__(self, index: CollectionIndex, embedder: Embedder, reranking: Reranking) -> None:
        self._index = index
        self._embedder = embedder
        self._reranking = reranking
        self._weighing = Weighing(index, embedder)

    def run(self, request: Retrieve, cancel: CancelToken) -> Iterator[Event]:
        """Yield Retrieved; nothing once cancelled.

        Raises: UnsupportedInputError, CollectionNotFoundError.
        """
        query = _checked(request)
        collection = self._index.open(request.collection)
        vector = self._embedder.embed([query], self._embedder.prompts.query)[0]
        only, reranker = request.only, ""
        if not self._reranking.is_set_up:
            passages = retrieve(self._index, collection, query, vector, request.top_k, only)
        else:
            most = to_judge(request.top_k)
            found = retrieve(self._index, collection, query, vector, most, only)
            result = self._reranking.judge(query, [passage.text for passage in found], cancel)
            if result is None:
                return
            passages = reordered(found, result.scores)[: request.top_k]
            reranker = result.model
        weigh = self._weighing.grounds
        yield Retrieved(
            request_id=request.request_id,
            passages=passages,
            reranker=reranker,
            grounds=weigh(collection, query, vector, passages) if request.weighs else None,
        )


def _checked(request: Retrieve) -> str:
    """Return the query. Raises: UnsupportedInputError."""
    query = request.query.strip()
    if not query:
        raise UnsupportedInputError("There is no question to search for.")
    if not 1 <= request.top_k <= _MAX_TOP_K:
        raise UnsupportedInputError(
            f"{request.top_k} passages were asked for; 1 to {_MAX_TOP_K} can be found at once."
        )
    return query
