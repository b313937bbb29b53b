"""Every verb of the library, once: from arguments to a `LibraryCall`. `library.sync_async` runs them.

A function here takes a client and what the caller said, and returns what to ask for, what the
events add to a stream, and what they amount to. It never waits, so that the sync and the async
library are made from the same functions. `timeout_s` everywhere: see `library.options`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from typing_extensions import Unpack

from workers.client import Client
from workers.flows.documents import Question, ask_documents
from workers.flows.pictures import ask_about_pictures
from workers.messages import (
    AudioDelta,
    CollectionInfo,
    Collections,
    DeleteCollection,
    DeleteDocument,
    Describe,
    DocumentIndexed,
    DocumentInfo,
    Documents,
    Embed,
    Event,
    Generate,
    Ingest,
    ListCollections,
    ListDocuments,
    Passage,
    PictureRead,
    Progress,
    Request,
    Retrieve,
    SegmentDelta,
    Synthesize,
    TextDelta,
    Tool,
    Transcribe,
)
from workers.messages.consent import check_consent
from workers.messages.deadline import deadline_in
from workers.messages.sampling import sampling_for

from . import results
from .inputs import File, Messages, Schema, to_constraint, to_files, to_media, to_messages, to_tools
from .options import ChatOptions, ListenOptions, SpeakOptions, check_names
from .results import Answer, ChatResult, Description, Speech, Transcript

R = TypeVar("R")
P = TypeVar("P")

Flow = Callable[[Client], AsyncGenerator[Event, None]]
OnText = Callable[[str], object]
OnProgress = Callable[[Progress], object]

FAITHFUL = {"temperature": 0.0, "repeat_penalty": 1.0, "max_tokens": 256}
"""The likeliest token, and no penalty: an answer from a text or a picture has to repeat it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryCall(Generic[R, P]):
    """One thing to be done: R is what it comes to, P one piece of its stream."""

    source: Request | Flow
    result: Callable[[tuple[Event, ...]], R]
    piece: Callable[[Event], P | None]
    watch: Callable[[Event], object] = lambda _event: None
    """Told of every event: the caller's callbacks."""
    deadline: float | None = None
    """`time.monotonic()` at which the caller gives up; None: the settings say when."""


def chat(
    client: Client,
    /,
    messages: Messages,
    *,
    system: str = "",
    tools: Iterable[Tool | Mapping[str, Any]] = (),
    schema: Schema | None = None,
    on_text: OnText | None = None,
    **options: Unpack[ChatOptions],
) -> LibraryCall[ChatResult, str]:
    """Answer a question, or continue a conversation of `{"role": …, "content": …}`.

    `tools` are functions in OpenAI's shape; what the model wants called is in `.tool_calls`. With a
    `schema` the answer is JSON that matches it (`.parsed()`). `on_text` gets each piece as it
    comes. Raises: AppError.
    """
    check_names(options, ChatOptions)
    model = options.get("model")
    card = client.models.get(model, "text") if model else client.card("text")
    request = Generate(
        messages=to_messages(messages, system),
        sampling=sampling_for(card, options),
        constraint=to_constraint(schema),
        tools=to_tools(tools),
        tool_choice=options.get("tool_choice", "auto"),
        model=model,
    )
    return LibraryCall(
        source=request,
        result=results.chat_result,
        piece=_text,
        watch=_each(_text, on_text),
        deadline=_deadline(options.get("timeout_s")),
    )


def transcribe(
    client: Client,
    /,
    audio: File,
    *,
    on_progress: OnProgress | None = None,
    **options: Unpack[ListenOptions],
) -> LibraryCall[Transcript, SegmentDelta]:
    """Write down a recording: the path or the bytes of any audio or video file.

    `language` is an ISO 639-1 code (without it, it is detected), `translate` asks for English,
    `words` for the time of each word; `on_progress` counts seconds. Raises: AppError,
    FileNotFoundError.
    """
    check_names(options, ListenOptions)
    request = Transcribe(
        audio=to_media(audio, "recording"),
        language=options.get("language"),
        translate=options.get("translate", False),
        word_timestamps=options.get("words", False),
        model=options.get("model"),
    )
    return LibraryCall(
        source=request,
        result=results.transcript,
        piece=_of(SegmentDelta),
        watch=_each(_progress, on_progress),
        deadline=_deadline(options.get("timeout_s")),
    )


def speak(
    client: Client,
    /,
    text: str,
    *,
    voice: str | None = None,
    on_progress: OnProgress | None = None,
    **options: Unpack[SpeakOptions],
) -> LibraryCall[Speech, AudioDelta]:
    """Speak a text. `speed` is in [0.5, 2]; `on_progress` counts characters.

    `clip` is a recording of 3 to 30 s whose voice a model that clones takes on; `consent` says that
    it is your own voice, or that its owner has agreed. Raises: AppError, FileNotFoundError.
    """
    check_names(options, SpeakOptions)
    clip = options.get("clip")
    request = Synthesize(
        text=text,
        voice=voice,
        speed=options.get("speed", 1.0),
        model=options.get("model"),
        voice_clip=None if clip is None else to_media(clip, "clip"),
        has_consent=options.get("consent", False),
    )
    check_consent(request)
    return LibraryCall(
        source=request,
        result=results.speech,
        piece=_of(AudioDelta),
        watch=_each(_progress, on_progress),
        deadline=_deadline(options.get("timeout_s")),
    )


def read(
    client: Client,
    /,
    images: File | Iterable[File],
    *,
    model: str | None = None,
    timeout_s: float | None = None,
) -> LibraryCall[Description, PictureRead]:
    """Read the text in one picture or several: paths or bytes. Raises: AppError."""
    return LibraryCall(
        source=Describe(images=to_files(images), model=model),
        result=results.description,
        piece=_of(PictureRead),
        deadline=_deadline(timeout_s),
    )


def describe(
    client: Client,
    /,
    images: File | Iterable[File],
    question: str,
    *,
    on_text: OnText | None = None,
    **options: Unpack[ChatOptions],
) -> LibraryCall[Description, str]:
    """Answer a question about pictures: paths or bytes. Raises: AppError."""
    check_names(options, ChatOptions)
    request = Describe(
        images=to_files(images),
        messages=to_messages(question),
        sampling=sampling_for(client.card("text"), {**FAITHFUL, **options}),
        model=options.get("model"),
    )

    def source(client: Client) -> AsyncGenerator[Event, None]:
        return ask_about_pictures(client, request)

    return LibraryCall(
        source=source,
        result=results.description,
        piece=_text,
        watch=_each(_text, on_text),
        deadline=_deadline(options.get("timeout_s")),
    )


def embed(
    client: Client,
    /,
    texts: str | Sequence[str],
    *,
    model: str | None = None,
    timeout_s: float | None = None,
) -> LibraryCall[list[list[float]], Event]:
    """Return one vector of length 1 per text. Raises: AppError."""
    listed = (texts,) if isinstance(texts, str) else tuple(texts)
    return LibraryCall(
        source=Embed(texts=listed, model=model),
        result=results.vectors,
        piece=_none,
        deadline=_deadline(timeout_s),
    )


def index(
    client: Client,
    /,
    collection: str,
    files: File | Iterable[File],
    *,
    on_progress: OnProgress | None = None,
    timeout_s: float | None = None,
) -> LibraryCall[tuple[DocumentIndexed, ...], DocumentIndexed]:
    """Add documents to a collection; a folder stands for the files in it.

    Returns what became of each: `.status` is "added", "unchanged" or "failed", the last with a
    `.reason`. `on_progress` counts chunks. Raises: AppError, FileNotFoundError.
    """
    request = Ingest(collection=collection, documents=to_files(files))
    return LibraryCall(
        source=request,
        result=results.indexed,
        piece=_of(DocumentIndexed),
        watch=_each(_progress, on_progress),
        deadline=_deadline(timeout_s),
    )


def search(
    client: Client,
    /,
    collection: str,
    query: str,
    *,
    top_k: int = 6,
    timeout_s: float | None = None,
) -> LibraryCall[tuple[Passage, ...], Event]:
    """Return the passages nearest to a query, best first. Raises: AppError."""
    return LibraryCall(
        source=Retrieve(collection=collection, query=query, top_k=top_k),
        result=results.passages,
        piece=_none,
        deadline=_deadline(timeout_s),
    )


def ask(
    client: Client,
    /,
    collection: str,
    question: str,
    *,
    num_passages: int = 6,
    on_text: OnText | None = None,
    **options: Unpack[ChatOptions],
) -> LibraryCall[Answer, str]:
    """Answer a question from a collection's documents, with citations. Raises: AppError."""
    check_names(options, ChatOptions)
    model = options.get("model")
    card = client.models.get(model, "text") if model else client.card("text")
    sampling = sampling_for(card, {**FAITHFUL, **options})

    def source(client: Client) -> AsyncGenerator[Event, None]:
        asked = Question(
            text=question, collection=collection, sampling=sampling, top_k=num_passages, model=model
        )
        return ask_documents(client, asked)

    return LibraryCall(
        source=source,
        result=results.answer,
        piece=_text,
        watch=_each(_text, on_text),
        deadline=_deadline(options.get("timeout_s")),
    )


def collections(client: Client, /) -> LibraryCall[tuple[CollectionInfo, ...], Event]:
    """List the collections of documents."""
    return LibraryCall(source=ListCollections(), result=_collections, piece=_none)


def documents(client: Client, /, collection: str) -> LibraryCall[tuple[DocumentInfo, ...], Event]:
    """List the documents of a collection. Raises: NotFoundError."""
    return LibraryCall(source=ListDocuments(collection=collection), result=_documents, piece=_none)


def delete_document(
    client: Client, /, collection: str, document_id: str
) -> LibraryCall[tuple[DocumentInfo, ...], Event]:
    """Remove a document; returns those that remain. Raises: NotFoundError."""
    request = DeleteDocument(collection=collection, document_id=document_id)
    return LibraryCall(source=request, result=_documents, piece=_none)


def delete_collection(
    client: Client, /, name: str
) -> LibraryCall[tuple[CollectionInfo, ...], Event]:
    """Remove a collection; returns those that remain. Raises: NotFoundError."""
    return LibraryCall(source=DeleteCollection(collection=name), result=_collections, piece=_none)


def _deadline(timeout_s: float | None) -> float | None:
    """Raises: RequestError for a time that is none."""
    return None if timeout_s is None else deadline_in(timeout_s)


def _collections(events: tuple[Event, ...]) -> tuple[CollectionInfo, ...]:
    return next(event.collections for event in events if isinstance(event, Collections))


def _documents(events: tuple[Event, ...]) -> tuple[DocumentInfo, ...]:
    return next(event.documents for event in events if isinstance(event, Documents))


def _text(event: Event) -> str | None:
    return event.text if isinstance(event, TextDelta) else None


def _none(_event: Event) -> Event | None:
    return None


E = TypeVar("E", bound=Event)


def _of(kind: type[E]) -> Callable[[Event], E | None]:
    return lambda event: event if isinstance(event, kind) else None


_progress = _of(Progress)


def _each(
    piece: Callable[[Event], P | None], callback: Callable[[P], object] | None
) -> Callable[[Event], object]:
    """Return what tells the callback of each piece."""

    def watch(event: Event) -> None:
        found = piece(event)
        if callback is not None and found is not None:
            callback(found)

    return watch
