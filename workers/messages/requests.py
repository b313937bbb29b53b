"""What a worker can be asked: one frozen dataclass per verb, and which worker answers it.

See `workers.messages` for the life of a request and for what may be in one.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Literal

from .passages import PassageFilter
from .values import (
    ChatMessage,
    Constraint,
    Media,
    Metadata,
    PageText,
    SamplingParams,
    Thinking,
    Tool,
)

Modality = Literal["text", "stt", "tts", "vision", "rag"]
MODALITIES: tuple[Modality, ...] = ("text", "stt", "tts", "vision", "rag")


def new_request_id() -> str:
    """Return a fresh, unguessable request id (32 hexadecimal digits)."""
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What every request carries."""

    request_id: str = field(default_factory=new_request_id)
    deadline: float | None = None
    """`time.monotonic()` after which nobody waits any more; parent and child share that clock."""
    model: str | None = None
    """Id of the card that must answer; None: the one that the modality uses."""
    keep_s: float | None = None
    """How long its model stays in memory when nobody uses it after this, in seconds: 0 lets it leave at
    once, infinity keeps it; None: as before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadModel(Request):
    """Have a model in memory, and ask nothing of it (any modality). Answered by Finished alone."""

    modality: Modality


@dataclass(frozen=True, slots=True, kw_only=True)
class Generate(Request):
    """Continue a conversation (text). Answered by ThoughtDeltas, TextDeltas and ToolCallDeltas."""

    messages: tuple[ChatMessage, ...]
    sampling: SamplingParams = SamplingParams()
    constraint: Constraint | None = None
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"
    """"auto", "none", "required", or the name of the one tool that must be called."""
    thinking: Thinking = Thinking()


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete(Request):
    """Continue a text as it stands, without any chat template (text). Answered by TextDeltas."""

    prompt: str
    sampling: SamplingParams = SamplingParams()
    constraint: Constraint | None = None


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


VOICE_CONSENT = "This is my own voice, or its owner has agreed"
"""What must be confirmed before a voice is cloned."""


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
    voice_clip: Media | None = None
    """A recording of 3 to 30 s whose voice to take on, by a model that can (capability `clones`);
    `voice` is then ignored."""
    has_consent: bool = False
    """Whether the one who sends the clip confirmed `VOICE_CONSENT`; without it the clip is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Describe(Request):
    """Look at pictures (vision). Answered by one PictureRead per picture.

    An engine that can answer questions itself (capability `answers`) adds TextDeltas.
    """

    images: tuple[Media, ...]
    messages: tuple[ChatMessage, ...] = ()
    """The conversation about the pictures; empty: only read their text."""
    sampling: SamplingParams = SamplingParams()
    text_model: str | None = None
    """Card that answers where `model` only reads; None: the text worker's default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Embed(Request):
    """Turn texts into vectors (rag). Answered by Embedded."""

    texts: tuple[str, ...]
    may_cut: bool = True
    """Whether a text that is longer than the model reads counts as far as it reads; else it is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerank(Request):
    """Say how well texts answer a query (rag). Answered by Reranked."""

    query: str
    texts: tuple[str, ...]
    by_vectors: bool = False
    """Compare vectors, even if a reranker is set up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingest(Request):
    """Index documents (rag). Answered by Progress (chunks) and one DocumentIndexed per file."""

    collection: str
    documents: tuple[Media, ...]
    metadata: Metadata = ()
    """Noted with each document that is added; of one that is there already, nothing changes."""
    page_texts: tuple[PageText, ...] = ()
    """What OCR has found on scanned pages: see `workers.flows.scans`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieve(Request):
    """Find passages (rag). Answered by Retrieved; `weighs`: also whether they can be about the query."""

    collection: str
    query: str
    top_k: int = 6
    weighs: bool = False
    only: PassageFilter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDocument(Request):
    """Read a document's text without indexing it (rag). Answered by Progress (pages), DocumentRead."""

    document: Media
    max_chars: int
    """Where reading stops."""
    page_texts: tuple[PageText, ...] = ()
    """What OCR has found on scanned pages: see `workers.flows.scans`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindScans(Request):
    """Say which pages of a document are pictures of text (rag). Answered by ScansFound."""

    document: Media
    collection: str | None = None
    """A document that is in this collection already has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderPage(Request):
    """Draw one page of a document, for OCR (rag). Answered by PageRendered."""

    document: Media
    page: int
    """1-based."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowPage(Request):
    """Show the page that a passage stands on, with its place (rag). Answered by PageShown."""

    chunk_id: str
    """The passage's."""
    page: int | None = None
    """1-based, another page of the same document; None: the passage's own."""
    collection: str | None = None
    """None: any that holds the document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCollections(Request):
    """List the collections (rag). Answered by Collections."""

    is_attached: bool = False
    """Those of files that are attached to chats (`workers.messages.attached`), in place of people's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDocuments(Request):
    """List the documents of one collection (rag). Answered by Documents."""

    collection: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GetDocument(Request):
    """Look one document up (rag). Answered by DocumentFound."""

    document_id: str
    collection: str | None = None
    """None: any that holds it, the first by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateDocument(Request):
    """Change what is noted about a document (rag). Answered by DocumentFound."""

    document_id: str
    metadata: Metadata
    """Keys that are left out keep their text; an empty text removes its key."""
    collection: str | None = None
    """None: the only one that holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChunks(Request):
    """List the chunks of a collection, or of one of its documents (rag). Answered by Chunks."""

    collection: str
    document_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteDocument(Request):
    """Remove one document and its vectors (rag). Answered by Documents, those that remain."""

    document_id: str
    collection: str | None
    """None: the only one that holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteCollection(Request):
    """Remove a collection and its vectors (rag). Answered by Collections, those that remain."""

    collection: str


MODALITY_OF: dict[type[Request], Modality] = {
    Generate: "text",
    Complete: "text",
    Transcribe: "stt",
    Synthesize: "tts",
    Describe: "vision",
    Embed: "rag",
    Rerank: "rag",
    Ingest: "rag",
    Retrieve: "rag",
    ReadDocument: "rag",
    FindScans: "rag",
    RenderPage: "rag",
    ShowPage: "rag",
    ListCollections: "rag",
    ListDocuments: "rag",
    GetDocument: "rag",
    UpdateDocument: "rag",
    ListChunks: "rag",
    DeleteDocument: "rag",
    DeleteCollection: "rag",
}
"""Which worker answers which request; `LoadModel` says it itself."""


def modality_of(request: Request) -> Modality | None:
    """Return which worker answers a request; None for one that none of them knows."""
    return request.modality if isinstance(request, LoadModel) else MODALITY_OF.get(type(request))
