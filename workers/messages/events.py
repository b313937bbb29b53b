"""What a worker answers: one frozen dataclass per noun.

See `workers.messages` for their order. Without slots: a frozen dataclass that has them is pickled in
Python, field by field, which takes twice as long and happens at each token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .passages import Grounds, Passage
from .values import (
    Chunk,
    CollectionInfo,
    Decoding,
    DocumentInfo,
    TextLine,
    TokenLogprob,
    Usage,
    Word,
)

FinishReason = Literal["stop", "length", "tool_calls", "cancelled"]


@dataclass(frozen=True, kw_only=True)
class Event:
    """What every event carries."""

    request_id: str


@dataclass(frozen=True, kw_only=True)
class Queued(Event):
    """The request waits. Sent again whenever the place or the reason changes."""

    num_ahead: int
    reason: str
    """For people: "loading vision", "2 ahead"."""


@dataclass(frozen=True, kw_only=True)
class Started(Event):
    """The engine has begun. `queue_wait_s` contains `load_s`."""

    queue_wait_s: float
    load_s: float = 0.0
    """How much of the wait went into waking the worker."""


@dataclass(frozen=True, kw_only=True)
class Progress(Event):
    """Long work moves on: `done` of `total` `unit`s (seconds, pages, chunks, characters)."""

    done: float
    total: float
    unit: str
    what: str = ""
    """What is being worked on, for people: a file name, a step."""


@dataclass(frozen=True, kw_only=True)
class TextDelta(Event):
    """A piece of the completion; joined together they are the whole answer."""

    text: str
    logprobs: tuple[TokenLogprob, ...] = ()
    """The tokens that the piece is made of, if they were asked for."""


@dataclass(frozen=True, kw_only=True)
class ThoughtDelta(Event):
    """A piece of what the model thinks before it answers; never a part of the answer."""

    text: str


@dataclass(frozen=True, kw_only=True)
class ToolCallDelta(Event):
    """A piece of a call; pieces of one `index` belong together and their arguments are joined."""

    index: int
    call_id: str = ""
    """Only in the first piece, as is the name."""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, kw_only=True)
class AudioInfo(Event):
    """What was found out about a recording before it was transcribed."""

    duration_s: float
    language: str
    language_probability: float


@dataclass(frozen=True, kw_only=True)
class SegmentDelta(Event):
    """A recognised stretch of speech; times in seconds from the start of the recording."""

    start_s: float
    end_s: float
    text: str
    words: tuple[Word, ...] = ()
    decoding: Decoding | None = None
    """None: the engine does not say."""


@dataclass(frozen=True, kw_only=True)
class AudioDelta(Event):
    """One spoken sentence."""

    pcm: bytes
    """Signed 16-bit little-endian samples, mono."""
    sample_rate: int
    """Hertz."""
    text: str
    """The sentence as the user wrote it, for captions."""
    start_s: float
    """Where the sentence begins in the whole recording."""


@dataclass(frozen=True, kw_only=True)
class PictureRead(Event):
    """The text in one picture, in reading order."""

    index: int
    """Which of the request's images, from 0."""
    width: int
    height: int
    lines: tuple[TextLine, ...]


@dataclass(frozen=True, kw_only=True)
class Embedded(Event):
    """The vectors, one row per text."""

    vectors: bytes
    """float32, row-major, shape (len(texts), dim), each row of length 1."""
    dim: int
    num_tokens: int = 0
    """Tokens that the model read, special ones included; 0: the engine does not say."""
    num_cut: int = 0
    """Texts that were longer than the model reads."""


@dataclass(frozen=True, kw_only=True)
class Reranked(Event):
    """How well each text answers the query."""

    scores: tuple[float, ...]
    """One per text, higher is better: a reranker's in [0, 1], or cosines in [-1, 1]."""
    model: str
    """Id of the card that gave them: a reranker, or the embedding model."""
    num_tokens: int = 0
    """Tokens that the model read; 0: the engine does not say."""


@dataclass(frozen=True, kw_only=True)
class DocumentIndexed(Event):
    """One file of an Ingest is done."""

    document: DocumentInfo
    status: Literal["added", "unchanged", "failed"]
    reason: str = ""
    """Why it failed, one sentence for people."""


@dataclass(frozen=True, kw_only=True)
class DocumentRead(Event):
    """The text of a document."""

    text: str
    num_pages: int | None
    """None for formats without pages."""
    is_cut: bool
    """Whether there is more of it than was asked for."""
    note: str = ""
    """What could not be read, as sentences for people."""


@dataclass(frozen=True, kw_only=True)
class ScansFound(Event):
    """The pages of a document, from 1, that are pictures of text."""

    pages: tuple[int, ...]
    num_pages: int | None
    """None for formats without pages."""


@dataclass(frozen=True, kw_only=True)
class PageRendered(Event):
    """A page as a picture."""

    picture: bytes
    """PNG."""
    width: int
    """Pixels."""
    height: int


@dataclass(frozen=True, kw_only=True)
class PageShown(Event):
    """A page of an indexed document, and where a passage stands on it."""

    name: str
    """The document's."""
    page: int
    """1-based."""
    num_pages: int
    picture: bytes
    """PNG."""
    boxes: tuple[tuple[float, float, float, float], ...]
    """Left, top, width, height as shares of the page, [0, 1]; one for each line of the passage."""
    note: str = ""
    """What there is to know about the mark, a sentence for people."""


@dataclass(frozen=True, kw_only=True)
class Retrieved(Event):
    """The passages found, best first."""

    passages: tuple[Passage, ...]
    reranker: str = ""
    """Id of the model that set their order; "": by vectors and words alone."""
    grounds: Grounds | None = None
    """If it was asked for, and there are passages."""


@dataclass(frozen=True, kw_only=True)
class Collections(Event):
    """All collections, by name."""

    collections: tuple[CollectionInfo, ...]


@dataclass(frozen=True, kw_only=True)
class Documents(Event):
    """All documents of a collection, by name."""

    collection: str
    documents: tuple[DocumentInfo, ...]


@dataclass(frozen=True, kw_only=True)
class DocumentFound(Event):
    """One document, and the collection that holds it."""

    collection: str
    document: DocumentInfo


@dataclass(frozen=True, kw_only=True)
class Chunks(Event):
    """The chunks of a collection or of one document, in reading order."""

    collection: str
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True, kw_only=True)
class Finished(Event):
    """The end of a request that went well or was cancelled."""

    reason: FinishReason = "stop"
    usage: Usage = Usage()
    run_s: float = 0.0
    """From Started to here, measured in the worker."""
    peak_mib: int = 0
    """Highest resident memory of the worker's process so far."""


@dataclass(frozen=True, kw_only=True)
class Failed(Event):
    """The end of a request that went wrong."""

    code: str
    """Stable, for programs: see `workers.messages.errors`."""
    message: str
    """One sentence for people: what, with the numbers."""
    hint: str = ""
    """What to do about it."""
    num_tokens: int = 0
    """Of a prompt that was too long for the model's context."""
    traceback: str = ""
    """For the log, never for the user."""


END_EVENTS = (Finished, Failed)
"""Exactly one of these closes a request."""
