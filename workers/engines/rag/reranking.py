"""Puts texts in the order in which they answer a query: with a reranker, else by their vectors.

The reranker is a second, small model in the same process, set up as `workers.rag.reranker` and
loaded when it is first needed. It lives beside the embedder: to change models for each question
would cost more than both together.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

from workers.engines.contract import CancelToken
from workers.messages.errors import LoadError, UnsupportedInputError
from workers.messages.process_spec import WorkerSettings
from workers.models.weights import verified_folder, with_weights
from workers.specs.spec import engine_specs, resolve, spec_of

from .engine import Embedder, Reranker, readable


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankResult:
    """How well each text answers, and who says so."""

    scores: tuple[float, ...]
    model: str
    num_tokens: int


class Reranking:
    """Judges texts with the reranker of the settings."""

    def __init__(self, settings: WorkerSettings, embedder: Embedder) -> None:
        self._settings = settings
        self._embedder = embedder
        self._loading = threading.Lock()
        self._reranker: Reranker | None = None

    @property
    def is_set_up(self) -> bool:
        """Whether there is a reranker, loaded or not."""
        return self._settings.reranker is not None

    def judge(self, query: str, texts: Sequence[str], cancel: CancelToken) -> RerankResult | None:
        """Return the reranker's result; None if cancelled. Raises: AppError."""
        reranker, card = self._loaded(), self._settings.reranker
        scores: list[float] = []
        num_tokens = 0
        for start in range(0, len(texts), reranker.batch_size):
            if cancel.is_cancelled:
                return None
            with reranker.stopped_by(cancel):
                judged = reranker.judge(query, texts[start : start + reranker.batch_size])
            scores += judged.scores
            cancel.progressed()
            num_tokens += judged.num_tokens
        return RerankResult(
            scores=tuple(scores), model=card.id if card else "", num_tokens=num_tokens
        )

    def compare(self, query: str, texts: Sequence[str], cancel: CancelToken) -> RerankResult | None:
        """Return the cosines of the texts' vectors with the query's; None if cancelled."""
        embedder = self._embedder
        vector = embedder.embed([query], embedder.prompts.query)[0]
        scores: list[float] = []
        for start in range(0, len(texts), embedder.batch_size):
            if cancel.is_cancelled:
                return None
            batch = texts[start : start + embedder.batch_size]
            rows = embedder.embed(batch, embedder.prompts.passage)
            scores += [float(row @ vector) for row in rows]
            cancel.progressed()
        limit = embedder.context_length
        num_tokens = sum(
            min(embedder.count_tokens(readable(text, limit)), limit) for text in (query, *texts)
        )
        return RerankResult(
            scores=tuple(scores), model=self._settings.card.id, num_tokens=num_tokens
        )

    def close(self) -> None:
        """Free the reranker, if it was loaded."""
        with self._loading:
            if self._reranker is not None:
                self._reranker.close()
                self._reranker = None

    def _loaded(self) -> Reranker:
        with self._loading:
            if self._reranker is None:
                self._reranker = self._load()
            return self._reranker

    def _load(self) -> Reranker:
        card = self._settings.reranker
        if card is None:
            raise UnsupportedInputError("No reranker is set up.", "Set workers.rag.reranker.")
        spec = spec_of(card)
        if spec is None or not spec.reranker:
            can = ", ".join(spec.name for spec in engine_specs("rag") if spec.reranker)
            raise LoadError(
                f"{card.name} cannot order passages: its engine is {card.engine}.",
                f"Set workers.rag.reranker to a card with one of: {can}.",
            )
        # A reranker is downloaded beforehand: nobody who asks a question waits for that.
        asked = replace(self._settings, card=card, reranker=None, may_fetch=False)
        settings = with_weights(asked, lambda loading: None)
        reranker: Reranker = resolve(spec.reranker)()
        folder = verified_folder(settings.card, settings.data_dir, lambda loading: None)
        reranker.load(folder, settings, lambda loading: None)
        return reranker
