"""Vectors made by another server, through OpenAI's embeddings route.

Its tokenizer is not here: tokens are estimated, rather too many than too few, so that no chunk is
longer than the model reads.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from workers.engines.common.remote.connection import (
    RemoteOptions,
    RemoteServer,
    access_to,
    connect,
    options_of,
)
from workers.engines.common.remote.errors import foreign
from workers.engines.contract import CancelToken
from workers.messages import Loading
from workers.messages.errors import AppError
from workers.messages.process_spec import ReportLoading, WorkerSettings

from .engine import Embedder, EmbeddingPrompts, StoppedError

if TYPE_CHECKING:
    from .engine import FloatArray

DEFAULT_CONTEXT_TOKENS = 512
BYTES_PER_TOKEN = 3
"""Of UTF-8. English has more than four; a Chinese character is three, and one token or more."""
SPECIAL_TOKENS = 2


class RemoteRagOptions(RemoteOptions):
    """Options of a card for embeddings."""

    dimensions: int | None = None
    """Asks models that can for shorter vectors."""
    batch_size: int = Field(default=32, ge=1)
    """Texts in one request."""
    query_prompt: str = ""
    """Read before what is searched for."""
    passage_prompt: str = ""
    """Read before what is found."""


class RemoteEmbedder(Embedder):
    """One embedding model of another server."""

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`. Asks the server for one vector, to learn its length."""
        self.options = options_of(settings.card, RemoteRagOptions)
        access = access_to(settings.card, self.options)
        self._server = access.server
        self._prompts = EmbeddingPrompts(
            query=self.options.query_prompt, passage=self.options.passage_prompt
        )
        self.context_length = settings.card.context_length or DEFAULT_CONTEXT_TOKENS
        self._client = connect(access, self.options)
        self._remote = RemoteServer(access, self._client)
        self.device, self.slots = access.server.host, self.options.slots
        self._now = threading.local()
        report(Loading(what=f"asking {access.server.host}"))
        try:
            self._dim = len(self._rows(["warm up"])[0])
        except AppError:
            self._remote.close()
            raise

    @property
    def model_id(self) -> str:
        """The server and its model: the same name elsewhere may be another model."""
        length = f"/{self.options.dimensions}" if self.options.dimensions else ""
        return f"{self._server.model}@{self._server.url}{length}"

    @property
    def prompts(self) -> EmbeddingPrompts:
        """The card's."""
        return self._prompts

    @property
    def dim(self) -> int:
        """As the server's first answer had it."""
        return self._dim

    @property
    def batch_size(self) -> int:
        """The card's: a request takes about as long for many texts as for one."""
        return self.options.batch_size

    def count_tokens(self, text: str) -> int:
        """An estimate from the text's length in bytes."""
        return -(-len(text.encode()) // BYTES_PER_TOKEN) + SPECIAL_TOKENS

    def embed(self, texts: Sequence[str], prompt: str = "") -> FloatArray:
        """Return one row of length 1 per text."""
        import numpy as np

        if not texts:
            return np.zeros((0, self._dim), dtype=np.float32)
        vectors = np.array(
            self._rows([self._cut(prompt + text) for text in texts]), dtype=np.float32
        )
        if vectors.shape != (len(texts), self._dim):
            raise foreign(self._server)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: FloatArray = vectors / np.maximum(lengths, 1e-12)
        return unit

    @contextmanager
    def stopped_by(self, cancel: CancelToken) -> Iterator[None]:
        """See `Embedder.stopped_by`."""
        self._now.cancel = cancel
        try:
            yield
        finally:
            self._now.cancel = CancelToken()

    def close(self) -> None:
        """End the connections."""
        self._remote.close()

    def _rows(self, texts: list[str]) -> list[list[float]]:
        given: dict[str, Any] = {"input": texts, "model": self._server.model}
        if self.options.dimensions:
            given["dimensions"] = self.options.dimensions
        cancel = getattr(self._now, "cancel", None) or CancelToken()
        answer = self._remote.call(self._client.embeddings.create(**given), cancel)
        if answer is None:
            raise StoppedError("Stopped.")
        rows = sorted(answer.data or [], key=lambda row: row.index)
        if not rows:
            raise foreign(self._server)
        return [row.embedding for row in rows]

    def _cut(self, text: str) -> str:
        """What is surely too long would be refused instead of cut."""
        if self.count_tokens(text) <= self.context_length:
            return text
        room = (self.context_length - SPECIAL_TOKENS) * BYTES_PER_TOKEN
        return text.encode()[:room].decode(errors="ignore")
