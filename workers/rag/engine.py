"""The two engines that retrieval stands on: what makes vectors, and what keeps them.

Vectors are float32 rows of length 1, so that a dot product is the cosine similarity. Another
embedder or another store is one file that fulfils one of these protocols.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

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


class Embedder(Protocol):
    """Turns texts into vectors; safe to call from several threads."""

    @property
    def model_id(self) -> str:
        """Names the vector space: vectors of different ids must never be compared."""
        ...

    @property
    def dim(self) -> int:
        """Numbers per vector."""
        ...

    @property
    def max_tokens(self) -> int:
        """Tokens of one text that the model reads, its special tokens included."""
        ...

    @property
    def batch_size(self) -> int:
        """Texts that one `embed` should be given; more would not be faster."""
        ...

    def count_tokens(self, text: str) -> int:
        """Tokens of the whole text, uncut, special tokens included."""
        ...

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Return one row per text, shape (len(texts), dim).

        A text counts as far as `max_tokens`. Need not be interruptible: keep to `batch_size`.
        Raises: GenerationError.
        """
        ...

    def close(self) -> None:
        """Free the model."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
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

    def nearest(self, space: str, vector: FloatArray, top_k: int) -> list[Hit]:
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
