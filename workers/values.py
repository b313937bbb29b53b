"""The values that requests and events are made of: media, conversation, text, passages, costs.

Equal content, equal object; nothing here has an identity. See `workers.messages` for what carries
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """One uploaded file: either its bytes or, when large, a path that the worker may read."""

    name: str
    """File name as the user knows it; used in messages and to guess the format, never as a path."""
    data: bytes | None = None
    path: str | None = None

    def __post_init__(self) -> None:
        """Make plain strings of the name and the path.

        Gradio's uploads are a class of its own; unpickled in a worker, one would import Gradio there
        (4 s and 60 MiB).
        """
        object.__setattr__(self, "name", str(self.name))
        if self.path is not None:
            object.__setattr__(self, "path", str(self.path))

    def read(self) -> bytes:
        """Return the bytes, from memory or from the path. Raises: OSError if the file has gone."""
        if self.data is not None:
            return self.data
        if self.path is None:
            return b""
        with open(self.path, "rb") as file:
            return file.read()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """One turn of a conversation."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingParams:
    """How the next token is chosen. `None` leaves the choice to the model's card or the engine."""

    temperature: float = 0.7
    """0 is greedy; up to 2."""
    top_p: float = 0.95
    """Nucleus: keep the smallest set of tokens with this much probability (0, 1]."""
    top_k: int = 40
    """Keep the k likeliest tokens; 0 keeps all."""
    min_p: float = 0.05
    """Drop tokens below this share of the likeliest one's probability [0, 1]."""
    repeat_penalty: float = 1.1
    """1 is off; above 1 discourages repetition."""
    max_tokens: int | None = None
    """Longest completion in tokens; None: until the context is full."""
    seed: int | None = None
    """Same seed, same prompt, same answer (within one engine); None: random."""
    stop: tuple[str, ...] = ()
    """The completion ends before the first of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One recognised word; times in seconds from the start of the recording."""

    start_s: float
    end_s: float
    text: str
    probability: float
    """[0, 1], higher is surer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLine:
    """One line of text found in a picture."""

    text: str
    box: tuple[tuple[float, float], ...]
    """Four corners (x, y) in pixels of the picture as sent: top left, then clockwise."""
    confidence: float
    """[0, 1], higher is surer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One retrieved chunk of a document."""

    chunk_id: str
    document_id: str
    document_name: str
    page: int | None
    """1-based page number; None for formats without pages."""
    text: str
    score: float
    """Cosine similarity to the query, [-1, 1], higher is better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentInfo:
    """One indexed document of a collection."""

    document_id: str
    """SHA-256 of the file's bytes, hexadecimal."""
    name: str
    num_pages: int | None
    num_chunks: int
    num_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionInfo:
    """One collection of documents."""

    name: str
    num_documents: int
    num_chunks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a request cost. Fields that a modality does not have stay 0."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    """Prompt tokens that were already in the KV cache."""
    completion_tokens: int = 0
    prefill_s: float = 0.0
    """Engine time to read the prompt."""
    decode_s: float = 0.0
    """Engine time to write the completion."""
    audio_s: float = 0.0
    """Length of the audio that was heard or spoken."""
