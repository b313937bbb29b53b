"""The values that requests and events are made of: media, conversation, text, passages, costs.

Equal content, equal object; nothing here has an identity. See `workers.messages` for what carries
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["system", "user", "assistant", "tool"]

Metadata = tuple[tuple[str, str], ...]
"""What people noted about a document: (key, text) in the order of the keys, each key once."""


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
class ToolCall:
    """A function that the model wants called."""

    call_id: str
    name: str
    arguments: str
    """JSON text, an object by parameter name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A function that the model may ask for."""

    name: str
    description: str = ""
    parameters: str = "{}"
    """JSON text: the JSON schema of its arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """One turn of a conversation."""

    role: Role
    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    """What an assistant's turn asked for."""
    tool_call_id: str = ""
    """Which call the turn of a tool answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """What every completion must match; enforced token by token by the engine."""

    kind: Literal["json", "schema", "grammar"]
    text: str = ""
    """`schema`: a JSON schema as JSON text; `grammar`: GBNF, llama.cpp's notation; `json`: any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLogprob:
    """One token of a completion and how likely it was."""

    token: str
    logprob: float
    """Natural logarithm, ≤ 0."""
    top: tuple[tuple[str, float], ...] = ()
    """The likeliest tokens at this place and their logprobs, best first."""


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
    frequency_penalty: float = 0.0
    """[-2, 2]; grows with how often a token has been used."""
    presence_penalty: float = 0.0
    """[-2, 2]; the same for every token that has been used."""
    typical_p: float = 1.0
    """Locally typical sampling (0, 1]; 1 is off. Source: arXiv:2202.00666."""
    mirostat: int = 0
    """0 off, or version 1 or 2, in place of top_k, top_p and min_p. Source: arXiv:2007.14966."""
    mirostat_tau: float = 5.0
    """Target surprise, in nats."""
    mirostat_eta: float = 0.1
    """Learning rate."""
    logit_bias: tuple[tuple[int, float], ...] = ()
    """(token id, what is added to its logit)."""
    ignore_eos: bool = False
    """Go on where the model would end, until `max_tokens`."""
    num_logprobs: int | None = None
    """How many alternatives to report for each token, [0, 20]; None: no logprobs at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thinking:
    """Whether a model that can think does so before it answers, and how much.

    For a model whose template knows no thoughts, none of it means anything.
    """

    is_on: bool | None = None
    """None: as the model's card says, else as its template does by itself."""
    effort: str = ""
    """A level of the model's own template, such as "low" or "high"; "": the template's."""
    max_tokens: int | None = None
    """Longest thought, beside the answer's `max_tokens`: then it is ended; None: no bound of its own."""


NO_THOUGHTS = Thinking(is_on=False)
"""For what somebody waits for with a finger on the button, and for answers that only machines read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One recognised word; times in seconds from the start of the recording."""

    start_s: float
    end_s: float
    text: str
    probability: float
    """[0, 1], higher is surer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoding:
    """How a recogniser came to one segment: what it heard least well shows here."""

    token_ids: tuple[int, ...]
    """Of the model's own vocabulary."""
    temperature: float
    """The one that was kept; above 0 the greedy try had been given up."""
    avg_logprob: float
    """Mean over the tokens, ≤ 0; below -1 is doubtful."""
    compression_ratio: float
    """Of the text by zlib; above 2.4 it repeats itself."""
    no_speech_prob: float
    """[0, 1]."""
    window_start_s: float
    """Where the stretch that the decoder looked at begins, from the start of the recording."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLine:
    """One line of text found in a picture."""

    text: str
    box: tuple[tuple[float, float], ...]
    """Four corners (x, y) in pixels of the picture as sent: top left, then clockwise."""
    confidence: float
    """[0, 1], higher is surer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageText:
    """What OCR has found on a page that is a picture."""

    page: int
    """1-based."""
    text: str
    """"": nothing."""
    lines: tuple[TextLine, ...] = ()
    """Where it stands, in pixels of a picture of the page with this size."""
    width: int = 0
    height: int = 0
    document: int = 0
    """Which of a request's documents, from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A slice of a document, small enough for the embedder."""

    chunk_id: str
    document_id: str
    page: int | None
    sha256: str
    """Of the text, hexadecimal."""
    text: str
    place: Metadata = ()
    """Slide, sheet, chapter, message, attachment, time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentInfo:
    """One indexed document of a collection."""

    document_id: str
    """SHA-256 of the file's bytes, hexadecimal."""
    name: str
    num_pages: int | None
    num_chunks: int
    num_bytes: int
    metadata: Metadata = ()
    chunk_tokens: int | None = None
    """Longest chunk when it was cut; None: it was indexed before this was noted."""
    overlap_tokens: int | None = None
    added_s: float | None = None
    """When it was indexed, in seconds since 1970; None: before this was noted."""
    updated_s: float | None = None
    """When its metadata was last changed; None: never."""


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
    image_tokens: int = 0
    """Prompt tokens that stand for pictures."""
    completion_tokens: int = 0
    """Those of thoughts among them."""
    thinking_tokens: int = 0
    thinking_s: float = 0.0
    """From the first to the last token of the thoughts."""
    prefill_s: float = 0.0
    """Engine time to read the prompt."""
    decode_s: float = 0.0
    """Engine time to write the completion."""
    audio_s: float = 0.0
    """Length of the audio that was heard or spoken."""
    num_chunks: float = 0.0
    """Chunks that were embedded, in `prefill_s`; of other texts, as many as their tokens would make."""
