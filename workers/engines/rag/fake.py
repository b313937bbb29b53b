"""Vectors and an order of passages by the words that texts share: see `workers.engines.common.fake`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

from workers.engines.common.fake import Fake, rest
from workers.engines.contract import CancelToken
from workers.messages.process_spec import ReportLoading, WorkerSettings

from .engine import Embedder, EmbeddingPrompts, Reranker, RerankScores, readable

if TYPE_CHECKING:
    from .engine import FloatArray

DIM = 256
BATCH_SIZE = 32
DEFAULT_CONTEXT_TOKENS = 512
WORD = re.compile(r"\w+")


class FakeEmbedder(Embedder):
    """See `Embedder`. A token is a word, and each word adds to one number of the vector."""

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`."""
        self._fake, self.slots = Fake(settings, report), settings.slots
        self.context_length = settings.card.context_length or DEFAULT_CONTEXT_TOKENS

    @property
    def model_id(self) -> str:
        """See `Embedder`."""
        return f"{self._fake.model_id}@{DIM}"

    @property
    def prompts(self) -> EmbeddingPrompts:
        """None."""
        return EmbeddingPrompts()

    @property
    def dim(self) -> int:
        """See `Embedder`."""
        return DIM

    @property
    def batch_size(self) -> int:
        """See `Embedder`."""
        return BATCH_SIZE

    def count_tokens(self, text: str) -> int:
        """See `Embedder`."""
        return len(text.split())

    def embed(self, texts: Sequence[str], prompt: str = "") -> FloatArray:
        """See `Embedder`."""
        import numpy as np

        rows = np.zeros((len(texts), DIM), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            rest(self._fake.pace(text), CancelToken())
            for word in _words(self._fake.obey(text), self.context_length):
                row[crc32(word.encode()) % DIM] += 1
            if not row.any():
                row[0] = 1
        unit: FloatArray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit

    def close(self) -> None:
        """See `Engine.close`."""
        del self._fake


class FakeReranker(Reranker):
    """See `Reranker`. The score is the share of the query's words that a text has."""

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`."""
        self._fake = Fake(settings, report)
        self.context_length = settings.card.context_length or DEFAULT_CONTEXT_TOKENS

    @property
    def batch_size(self) -> int:
        """See `Reranker`."""
        return BATCH_SIZE

    def judge(self, query: str, texts: Sequence[str]) -> RerankScores:
        """See `Reranker`."""
        wanted = set(_words(self._fake.obey(query), self.context_length))
        found = [set(_words(text, self.context_length)) for text in texts]
        scores = [len(wanted & words) / max(1, len(wanted)) for words in found]
        return RerankScores(scores=scores, num_tokens=sum(map(len, found)))

    def close(self) -> None:
        """See `Engine.close`."""
        del self._fake


def _words(text: str, limit: int) -> list[str]:
    """Return the words in lower case, as many as are read."""
    return WORD.findall(readable(text, limit).lower())[:limit]
