"""Every type that crosses a queue between the page, the pool and the workers.

Plain values only: frozen dataclasses of strings, numbers, bytes and tuples. No tensors, no
callables, no exceptions, no open files: an exception with a keyword-only argument pickles and then
fails to unpickle, so errors cross as `Failed` and become exceptions again in `workers.client`.

The life of one request:

    Queued*  →  Started  →  (TextDelta | SegmentDelta | AudioDelta | … | Progress)*  →  Finished | Failed

A request ends in exactly one `Finished` or `Failed`, whatever happens, and nothing follows it.
`Queued` is written by the pool, `Started` and the end by `workers.process`, the rest by a worker.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Literal

from .values import ChatMessage as ChatMessage
from .values import CollectionInfo as CollectionInfo
from .values import DocumentInfo as DocumentInfo
from .values import Media as Media
from .values import Passage as Passage
from .values import Role as Role
from .values import SamplingParams as SamplingParams
from .values import TextLine as TextLine
from .values import Usage as Usage
from .values import Word as Word

Modality = Literal["text", "stt", "tts", "vision", "rag"]
MODALITIES: tuple[Modality, ...] = ("text", "stt", "tts", "vision", "rag")

FinishReason = Literal["stop", "length", "cancelled"]


def new_request_id() -> str:
    """Return a fresh, unguessable request id (32 hexadecimal digits)."""
    return uuid.uuid4().hex


# --- requests: verbs ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What every request carries."""

    request_id: str = field(default_factory=new_request_id)
    deadline: float | None = None
    """`time.monotonic()` after which nobody waits any more; parent and child share that clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generate(Request):
    """Continue a conversation (text). Answered by TextDeltas."""

    messages: tuple[ChatMessage, ...]
    sampling: SamplingParams = SamplingParams()


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcribe(Request):
    """Write down speech (stt). Answered by AudioInfo, then SegmentDeltas and Progress (seconds)."""

    audio: Media
    """Any audio or video container that FFmpeg reads."""
    language: str | None = None
    """ISO 639-1 code; None: detect."""
    translate: bool = False
    """Translate to English instead of transcribing."""
    word_timestamps: bool = False
    vad: bool = True
    """Skip silence before recognition (prevents invented text)."""
    initial_prompt: str | None = None
    """Context that steers spelling: names, terms."""
    hotwords: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Synthesize(Request):
    """Speak a text (tts). Answered by one AudioDelta per sentence, Progress (characters)."""

    text: str
    voice: str | None = None
    """Voice name; None: the model's first."""
    speed: float = 1.0
    """1 is normal, 2 twice as fast; [0.5, 2]."""
    normalize: bool = True
    """Spell out numbers, units, markdown, URLs and emoji before speaking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Describe(Request):
    """Look at pictures (vision). Answered by one PictureRead per picture.

    An engine that can answer questions itself (capability `answers`) adds TextDeltas.
    """

    images: tuple[Media, ...]
    messages: tuple[ChatMessage, ...] = ()
    """The conversation about the pictures; empty: only read their text."""
    sampling: SamplingParams = SamplingParams()


@dataclass(frozen=True, slots=True, kw_only=True)
class Embed(Request):
    """Turn texts into vectors (rag). Answered by Embedded."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingest(Request):
    """Index documents (rag). Answered by Progress (chunks) and one DocumentIndexed per file."""

    collection: str
    documents: tuple[Media, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieve(Request):
    """Find the passages nearest to a query (rag). Answered by Retrieved."""

    collection: str
    query: str
    top_k: int = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCollections(Request):
    """List the collections (rag). Answered by Collections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDocuments(Request):
    """List the documents of one collection (rag). Answered by Documents."""

    collection: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteDocument(Request):
    """Remove one document and its vectors (rag). Answered by Documents, those that remain."""

    collection: str
    document_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteCollection(Request):
    """Remove a collection and its vectors (rag). Answered by Collections, those that remain."""

    collection: str


MODALITY_OF: dict[type[Request], Modality] = {
    Generate: "text",
    Transcribe: "stt",
    Synthesize: "tts",
    Describe: "vision",
    Embed: "rag",
    Ingest: "rag",
    Retrieve: "rag",
    ListCollections: "rag",
    ListDocuments: "rag",
    DeleteDocument: "rag",
    DeleteCollection: "rag",
}
"""Which worker answers which request."""


# --- control: on a pipe of its own, so that a busy worker still hears it ---------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Stop this request; the worker looks between tokens, segments, sentences and pages."""

    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """Are you alive? Answered by Pong from a thread of its own, also while the engine works."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shutdown:
    """Cancel what runs, close the engine and exit."""


# --- events: nouns --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What every event carries."""

    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued(Event):
    """The request waits. Sent again whenever the place or the reason changes."""

    num_ahead: int
    reason: str
    """For people: "loading vision", "2 ahead"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Event):
    """The engine has begun. `queue_wait_s` contains `load_s`."""

    queue_wait_s: float
    load_s: float = 0.0
    """How much of the wait went into waking the worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress(Event):
    """Long work moves on: `done` of `total` `unit`s (seconds, pages, chunks, characters)."""

    done: float
    total: float
    unit: str
    what: str = ""
    """What is being worked on, for people: a file name, a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDelta(Event):
    """A piece of the completion; joined together they are the whole answer."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioInfo(Event):
    """What was found out about a recording before it was transcribed."""

    duration_s: float
    language: str
    language_probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentDelta(Event):
    """A recognised stretch of speech; times in seconds from the start of the recording."""

    start_s: float
    end_s: float
    text: str
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRead(Event):
    """The text in one picture, in reading order."""

    index: int
    """Which of the request's images, from 0."""
    width: int
    height: int
    lines: tuple[TextLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded(Event):
    """The vectors, one row per text."""

    vectors: bytes
    """float32, row-major, shape (len(texts), dim), each row of length 1."""
    dim: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentIndexed(Event):
    """One file of an Ingest is done."""

    document: DocumentInfo
    status: Literal["added", "unchanged", "failed"]
    reason: str = ""
    """Why it failed, one sentence for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved(Event):
    """The passages found, best first."""

    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Collections(Event):
    """All collections, by name."""

    collections: tuple[CollectionInfo, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents(Event):
    """All documents of a collection, by name."""

    collection: str
    documents: tuple[DocumentInfo, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished(Event):
    """The end of a request that went well or was cancelled."""

    reason: FinishReason = "stop"
    usage: Usage = Usage()
    run_s: float = 0.0
    """From Started to here, measured in the worker."""
    peak_mib: int = 0
    """Highest resident memory of the worker's process so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Event):
    """The end of a request that went wrong."""

    code: str
    """Stable, for programs: see `workers.errors`."""
    message: str
    """One sentence for people: what, with the numbers."""
    hint: str = ""
    """What to do about it."""
    traceback: str = ""
    """For the log, never for the user."""


# --- what a worker says about itself, outside any request ------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """How far the model is on its way into memory."""

    what: str
    """For people: "checking weights", "loading"."""
    fraction: float | None = None
    """[0, 1]; None when unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The model is in memory; requests may come."""

    slots: int
    """How many requests the engine works on at once."""
    device: str
    """"cpu" or "cuda:0"."""
    capabilities: frozenset[str]
    """What this engine can do beyond the minimum: "answers", "translate", a language code…"""
    voices: tuple[str, ...] = ()
    context_length: int = 0
    """Tokens a conversation may hold; 0 where the word has no meaning."""
    load_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadFailed:
    """The model could not be loaded; the process exits."""

    code: str
    message: str
    hint: str = ""
    traceback: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pong:
    """The answer to Ping."""


END_EVENTS = (Finished, Failed)
"""Exactly one of these closes a request."""
