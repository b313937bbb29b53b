"""The engines that retrieval stands on: what makes vectors, what keeps them, what orders passages.

Vectors are float32 rows of length 1, so that a dot product is the cosine similarity. Another
embedder or reranker is one file that fulfils one of these protocols, and its record in `specs.py`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from configs.catalogue import ModelCard
from workers.engines.contract import CancelToken, Engine
from workers.messages.errors import AppError, LoadError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]


MAX_TOKEN_CHARS = 200
"""More than a token of a vocabulary has, with all the spaces around it."""


def readable(text: str, max_tokens: int) -> str:
    """Return the beginning of a text, with all that an embedder reads of it and some more.

    To look at the rest would cost: 48 MB of text took a tokenizer 80 s and 3 GiB.
    """
    return text[: max_tokens * MAX_TOKEN_CHARS]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingPrompts:
    """What some models want to read before a text; "" for the others."""

    query: str = ""
    """Before what is searched for."""
    passage: str = ""
    """Before what is found."""


def prompts_of(card: ModelCard) -> EmbeddingPrompts:
    """Return the card's options `query_prompt` and `passage_prompt`. Raises: LoadError."""
    found = {name: card.options.get(f"{name}_prompt", "") for name in ("query", "passage")}
    for name, prompt in found.items():
        if not isinstance(prompt, str):
            raise LoadError(
                f"{card.name}: the option {name}_prompt is {prompt!r}, not a text.",
                f"Mend the card {card.id}.",
            )
    return EmbeddingPrompts(**found)


def space_id(card: ModelCard, weights: str, prompts: EmbeddingPrompts) -> str:
    """Name a vector space by card, weights and what is read before each passage."""
    read_before = hashlib.sha256(prompts.passage.encode()).hexdigest()[:6]
    return f"{card.id}@{weights[:12]}" + (f"+{read_before}" if prompts.passage else "")


class StoppedError(AppError):
    """The user stopped a request while the engine was busy with it; nobody reads this."""

    code = "stopped"


class Embedder(Engine, Protocol):
    """Turns texts into vectors; safe to call from several threads.

    Its `context_length` are the tokens of one text that the model reads, its special tokens included.
    """

    @property
    def model_id(self) -> str:
        """Names the vector space: vectors of different ids must never be compared."""
        ...

    @property
    def prompts(self) -> EmbeddingPrompts:
        """What to give `embed` with a query and with a passage."""
        ...

    @property
    def dim(self) -> int:
        """Numbers per vector."""
        ...

    @property
    def batch_size(self) -> int:
        """Texts that one `embed` should be given; more would not be faster."""
        ...

    def count_tokens(self, text: str) -> int:
        """Tokens of the whole text, uncut, special tokens included."""
        ...

    def embed(self, texts: Sequence[str], prompt: str = "") -> FloatArray:
        """Return one row per text, shape (len(texts), dim); `prompt` is read before each.

        A text counts as far as `context_length`. Need not be interruptible: keep to `batch_size`.
        Raises: GenerationError.
        """
        ...

    def stopped_by(self, cancel: CancelToken) -> AbstractContextManager[None]:
        """Let `cancel` interrupt the calls of this thread, with StoppedError, where that is possible."""
        return nullcontext()


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankScores:
    """How well some texts answer a query."""

    scores: list[float]
    """One per text, [0, 1], higher is better."""
    num_tokens: int


class Reranker(Engine, Protocol):
    """Reads a query and a text together, and says how well the one answers the other."""

    @property
    def batch_size(self) -> int:
        """Texts that one `judge` should be given; more would not be faster."""
        ...

    def judge(self, query: str, texts: Sequence[str]) -> RerankScores:
        """Return the scores of a few texts; each counts as far as the model reads.

        Need not be interruptible: keep to `batch_size`. Raises: GenerationError.
        """
        ...

    def stopped_by(self, cancel: CancelToken) -> AbstractContextManager[None]:
        """See `Embedder.stopped_by`."""
        return nullcontext()


def sigmoid(logit: float) -> float:
    """Squash what a cross-encoder gives, (-inf, inf), to (0, 1)."""
    return 1.0 / (1.0 + math.exp(-min(max(logit, -60.0), 60.0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreHit:
    """One vector near to a query."""

    chunk_id: str
    score: float
    """Cosine similarity, [-1, 1], higher is better."""


class Store(Protocol):
    """Keeps vectors on disk, in spaces that know nothing of each other.

    `space` is a short ASCII name. What was added survives a kill -9 after `add` has returned.
    Raises everywhere: DiskFullError.
    """

    def add(
        self, space: str, document_id: str, chunk_ids: Sequence[str], vectors: FloatArray
    ) -> None:
        """Keep the rows; ids that are already there are overwritten. Creates the space."""
        ...

    def nearest(self, space: str, vector: FloatArray, top_k: int) -> list[StoreHit]:
        """Return at most `top_k` hits, best first; an unknown space has none."""
        ...

    def vectors(self, space: str, chunk_ids: Sequence[str]) -> dict[str, FloatArray]:
        """Return the rows of those ids that are there."""
        ...

    def delete_document(self, space: str, document_id: str) -> None:
        """Remove the rows of one document; none is fine."""
        ...

    def delete_space(self, space: str) -> None:
        """Remove a space and all its rows; none is fine."""
        ...

    def close(self) -> None:
        """Write what is pending and release the files."""
        ...
