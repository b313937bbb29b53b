"""What the six tools do. Their signatures and docstrings are what the calling model reads."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Callable
from typing import Annotated, Any, Literal

from mcp.types import AudioContent, CallToolResult
from pydantic import BaseModel, Field

from configs.catalogue import ModelCard
from workers.client import Client
from workers.flows.documents import Cited, Question, ask_documents
from workers.flows.filters import filter_of, listed
from workers.flows.pictures import ask_about_pictures
from workers.flows.speech import FileBytes, speak_to_file
from workers.media.subtitles import plain_text, to_subtitles
from workers.messages import (
    ChatMessage,
    Describe,
    Generate,
    Passage,
    PictureRead,
    Retrieve,
    Retrieved,
    SegmentDelta,
    Synthesize,
    TextDelta,
    Transcribe,
)
from workers.messages.errors import UnsupportedInputError
from workers.messages.places import place_in
from workers.messages.sampling import sampling_for

from .media import read_media
from .tool_run import ToolRun

TEMPERATURE = 0.0
"""The caller is a program: the same question shall have the same answer."""
MAX_TOKENS = 1024
"""Longest answer: whoever calls a tool wants a reply, not a book."""

Source = "base64, a data: URI, or an http(s) URL of a public host"


class Found(BaseModel):
    """One passage."""

    text: str
    document: str
    page: int | None = None
    place: dict[str, str] = Field(
        default_factory=dict, description="Slide, sheet, chapter, message, attachment or time"
    )
    score: float = Field(description="Cosine similarity to the query, higher is better")


class Passages(BaseModel):
    """What search_documents returns."""

    passages: list[Found] = Field(description="Best first")


class Model(BaseModel):
    """One model."""

    id: str
    name: str
    modality: str = Field(description="text, stt (speech in), tts (speech out), vision or rag")
    is_default: bool
    license: str


class ModelList(BaseModel):
    """What list_models returns."""

    models: list[Model]


class Tools:
    """The tools. `current_call` returns the call that the running tool answers."""

    def __init__(self, client: Client, current_call: Callable[[], ToolRun], max_mib: float) -> None:
        self._client = client
        self._current_call = current_call
        self._max_mib = max_mib

    async def ask(
        self,
        question: Annotated[str, Field(min_length=1, description="What to ask")],
        system: Annotated[str, Field(description="How to answer; ignored with a collection")] = "",
        collection: Annotated[
            str, Field(description="Answer from the documents of this collection, with citations")
        ] = "",
        quote: Annotated[
            bool,
            Field(description="With a collection: its own sentences, without asking the model"),
        ] = False,
    ) -> str:
        """Ask the local language model a question, or ask it about a collection of documents."""
        if collection:
            asked = Question(text=question, collection=collection, quotes=quote)
            events = await self._gather(ask_documents(self._client, asked))
            return _cited(events)
        if quote:
            raise UnsupportedInputError("Only documents are quoted.", "Name a collection.")
        messages = [ChatMessage(role="user", text=question)]
        if system:
            messages.insert(0, ChatMessage(role="system", text=system))
        given = {"max_tokens": MAX_TOKENS, "temperature": TEMPERATURE, "repeat_penalty": 1.0}
        sampling = sampling_for(self._client.card("text"), given)
        request = Generate(messages=tuple(messages), sampling=sampling)
        return _text(await self._gather(self._client.astream(request)))

    async def transcribe(
        self,
        audio: Annotated[str, Field(min_length=1, description=f"The recording: {Source}")],
        language: Annotated[str, Field(description="ISO 639-1 code; empty: detect")] = "",
        format: Annotated[
            Literal["text", "srt", "vtt"], Field(description="Plain text, or timed subtitles")
        ] = "text",
    ) -> str:
        """Write down the speech in a recording (any audio or video format)."""
        media = await read_media(audio, "recording", self._max_mib)
        request = Transcribe(audio=media, language=language or None)
        events = await self._gather(self._client.astream(request))
        segments = [event for event in events if isinstance(event, SegmentDelta)]
        return plain_text(segments) if format == "text" else to_subtitles(segments, format)

    async def speak(
        self,
        text: Annotated[str, Field(min_length=1, description="What to say")],
        voice: Annotated[str, Field(description="Name of a voice; empty: the default")] = "",
        speed: Annotated[float, Field(ge=0.5, le=2, description="1 is normal")] = 1.0,
    ) -> CallToolResult:
        """Say a text aloud; returns an MP3."""
        request = Synthesize(text=text, voice=voice or None, speed=speed)
        pieces = await self._gather(speak_to_file(self._client, request, "mp3"))
        data = b"".join(piece.data for piece in pieces if isinstance(piece, FileBytes))
        coded = base64.b64encode(data).decode()
        audio = AudioContent(type="audio", data=coded, mimeType="audio/mpeg")
        return CallToolResult(content=[audio])

    async def describe_image(
        self,
        image: Annotated[str, Field(min_length=1, description=f"The picture: {Source}")],
        question: Annotated[
            str, Field(description="What to find out; empty: return all text in the picture")
        ] = "",
    ) -> str:
        """Read the text in a picture, or answer a question about the picture."""
        media = await read_media(image, "picture", self._max_mib)
        messages = (ChatMessage(role="user", text=question),) if question else ()
        request = Describe(images=(media,), messages=messages)
        events = await self._gather(ask_about_pictures(self._client, request))
        lines = [
            line.text for event in events if isinstance(event, PictureRead) for line in event.lines
        ]
        return _text(events) or "\n".join(lines) or "There is no text in the picture."

    async def search_documents(
        self,
        collection: Annotated[str, Field(min_length=1, description="Name of the collection")],
        query: Annotated[str, Field(min_length=1, description="What to look for")],
        top_k: Annotated[int, Field(ge=1, le=50, description="How many passages at most")] = 6,
        files: Annotated[
            str, Field(description="Names of files to look into, with commas; * is anything")
        ] = "",
        types: Annotated[
            str, Field(description="Kinds of files to look into, with commas: pdf, md")
        ] = "",
        pages: Annotated[str, Field(description="Pages to look on: 3 or 3-5")] = "",
    ) -> Passages:
        """Find the passages of a collection of documents that are nearest to a query."""
        only = filter_of(files=listed(files), types=listed(types), pages=pages)
        request = Retrieve(collection=collection, query=query, top_k=top_k, only=only)
        events = await self._gather(self._client.astream(request))
        return Passages(passages=[_found(passage) for passage in _passages(events)])

    async def list_models(self) -> ModelList:
        """List the models that can be used, by modality; the default of each comes first."""
        return ModelList(models=[_model(self._client, card) for card in self._client.models.all()])

    async def _gather(self, events: AsyncGenerator[Any, None]) -> tuple[Any, ...]:
        return await self._current_call().gather(events)


def _text(events: tuple[object, ...]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def _passages(events: tuple[object, ...]) -> tuple[Passage, ...]:
    return next((event.passages for event in events if isinstance(event, Retrieved)), ())


def _cited(events: tuple[object, ...]) -> str:
    """Return the answer with its marks, and under it what the marks mean and what no passage says."""
    answer = next((event for event in events if isinstance(event, Cited)), None)
    if answer is None:
        return _text(events)
    passages = _passages(events)
    notes = []
    for number in answer.numbers:
        passage = passages[number - 1]
        place = place_in(passage.document_name, passage.page, dict(passage.place))
        notes.append(f"[{number}] {place}")
    parts = (answer.text, "\n".join(notes), "\n".join(answer.doubts))
    return "\n\n".join(part for part in parts if part)


def _found(passage: Passage) -> Found:
    return Found(
        text=passage.text,
        document=passage.document_name,
        page=passage.page,
        place=dict(passage.place),
        score=round(passage.score, 4),
    )


def _model(client: Client, card: ModelCard) -> Model:
    return Model(
        id=card.id,
        name=card.name,
        modality=card.modality,
        is_default=client.models.default(card.modality).id == card.id,
        license=card.license,
    )
