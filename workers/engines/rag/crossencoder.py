"""Rerankers as safetensors (ms-marco-MiniLM, bge-reranker…) through sentence-transformers.

A card's options are `dtype` of `workers.engines.common.torch.loading`. Scores are the model's logit squashed to
(0, 1), whatever its own configuration says, so that all rerankers share one scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workers.engines.common.torch.loading import (
    device_of,
    dtype_of,
    free_cache,
    import_torch,
    loading_errors,
    memory_errors,
)
from workers.messages.errors import LoadError
from workers.messages.process_spec import ReportLoading, WorkerSettings

from .engine import Reranker, RerankScores, readable
from .hf import import_sentence_transformers

MAX_TOKENS = 1024
"""Of query and text together, where the model reads more: memory grows with it, and chunks are short."""
BATCH_SIZE = 8


class CrossEncoderReranker(Reranker):
    """See `Reranker`."""

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`."""
        card = settings.card
        torch = import_torch(settings.threads)
        library = import_sentence_transformers()
        self._name, self.device = card.name, device_of(settings)
        self.context_length = min(card.context_length or MAX_TOKENS, MAX_TOKENS)
        with loading_errors(card.name), memory_errors(card.name, self.device):
            self._model: Any = library.CrossEncoder(
                str(folder),
                device=self.device,
                max_length=self.context_length,
                activation_fn=torch.nn.Sigmoid(),
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={
                    "dtype": dtype_of(settings, folder, self.device),
                    "use_safetensors": True,
                },
            )
        if self._model.num_labels != 1:
            raise LoadError(
                f"{card.name} sorts into {self._model.num_labels} classes; a reranker gives one score.",
                "Choose a reranker, such as ms-marco-MiniLM-L6-v2.",
            )

    @property
    def batch_size(self) -> int:
        """Texts between two looks at the cancel flag."""
        return BATCH_SIZE

    def judge(self, query: str, texts: Sequence[str]) -> RerankScores:
        """See `Reranker.judge`."""
        query = readable(query, self.context_length)
        pairs = [(query, readable(text, self.context_length)) for text in texts]
        with memory_errors(self._name, self.device):
            scores = self._model.predict(pairs, batch_size=BATCH_SIZE, show_progress_bar=False)
        ids = self._model.tokenizer(
            [pair[0] for pair in pairs], [pair[1] for pair in pairs],
            truncation=True, max_length=self.context_length,
        )["input_ids"]  # fmt: skip
        return RerankScores(
            scores=[float(score) for score in scores], num_tokens=sum(map(len, ids))
        )

    def close(self) -> None:
        """See `Reranker.close`."""
        self._model = None
        free_cache(self.device)
