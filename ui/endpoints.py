"""Named endpoints of the page for `gradio_client`: a few clean ones, none of its buttons.

They answer at /gradio_api and are listed by `Client(url).view_api()`. A file is what
`gradio_client.handle_file` sends; a path that was not uploaded is refused, see `core/guard.py`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from workers.client import Client
from workers.flows.pictures import ask_about_pictures
from workers.flows.speech import FileBytes, speak_to_file
from workers.media.subtitles import plain_text
from workers.messages import (
    ChatMessage,
    Describe,
    Event,
    Generate,
    Media,
    PictureRead,
    Retrieve,
    Retrieved,
    SegmentDelta,
    Synthesize,
    TextDelta,
    Transcribe,
)
from workers.messages.errors import AppError
from workers.messages.sampling import sampling_for

from .core.kept import keep

LIMIT = 16
"""Calls of one endpoint at once; the pool does the queueing."""


def add_endpoints(client: Client) -> None:
    """Name the endpoints, inside the page's Blocks."""
    endpoints = Endpoints(client)
    for name in ("ask", "transcribe", "speak", "read_picture", "search_documents", "list_models"):
        gr.api(getattr(endpoints, name), api_name=name, concurrency_limit=LIMIT)


class Endpoints:
    """One method per endpoint; what goes wrong is one sentence."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def ask(
        self, question: str, system: str = "", temperature: float | None = None
    ) -> AsyncGenerator[str, None]:
        """Ask the language model, which answers as its card says where no temperature is given."""
        _check(str, question=question, system=system)
        if temperature is not None:
            _check(float, temperature=temperature)
        turns = [ChatMessage(role="user", text=question)]
        if system:
            turns.insert(0, ChatMessage(role="system", text=system))
        try:
            sampling = sampling_for(self._client.card("text"), {"temperature": temperature})
            request = Generate(messages=tuple(turns), sampling=sampling)
            text = ""
            async with aclosing(self._client.astream(request)) as events:
                async for event in events:
                    if isinstance(event, TextDelta):
                        text += event.text
                        yield text
        except AppError as err:
            raise gr.Error(str(err)) from err

    async def transcribe(self, audio: FileData, language: str = "") -> str:
        """Write down the speech in a recording."""
        _check(str, language=language or "")
        request = Transcribe(audio=_media(audio), language=language or None)
        events = await _all(self._client.astream(request))
        return plain_text([event for event in events if isinstance(event, SegmentDelta)])

    async def speak(self, text: str, voice: str = "", speed: float = 1.0) -> FileData:
        """Say a text; returns an mp3 file."""
        _check(str, text=text, voice=voice or "")
        _check(float, speed=speed)
        request = Synthesize(text=text, voice=voice or None, speed=speed)
        pieces = await _all(speak_to_file(self._client, request, "mp3"))
        mp3 = b"".join(piece.data for piece in pieces if isinstance(piece, FileBytes))
        path = keep(mp3, "speech.mp3")
        return FileData(path=path, orig_name="speech.mp3", mime_type="audio/mpeg")

    async def read_picture(self, picture: FileData, question: str = "") -> str:
        """Read the text in a picture, or answer a question about it."""
        _check(str, question=question or "")
        turns = (ChatMessage(role="user", text=question),) if question else ()
        describe = Describe(images=(_media(picture),), messages=turns)
        events = await _all(ask_about_pictures(self._client, describe))
        if question:
            return "".join(event.text for event in events if isinstance(event, TextDelta))
        reads = [event for event in events if isinstance(event, PictureRead)]
        return "\n".join(line.text for read in reads for line in read.lines)

    async def search_documents(
        self, collection: str, query: str, top_k: int = 6
    ) -> list[dict[str, Any]]:
        """Find the passages of a collection that are nearest to a query, best first."""
        _check(str, collection=collection, query=query)
        _check(int, top_k=top_k)
        request = Retrieve(collection=collection, query=query, top_k=top_k)
        events = await _all(self._client.astream(request))
        found = next(event.passages for event in events if isinstance(event, Retrieved))
        return [
            {
                "file": p.document_name,
                "page": p.page,
                "place": dict(p.place),
                "score": p.score,
                "text": p.text,
            }
            for p in found
        ]

    def list_models(self) -> list[dict[str, Any]]:
        """List the models that can be asked for."""
        return [
            {"id": card.id, "modality": card.modality, "license": card.license}
            for card in self._client.models.all()
        ]


async def _all(events: AsyncGenerator[Event, None]) -> tuple[Event, ...]:
    try:
        async with aclosing(events):
            return tuple([event async for event in events])
    except AppError as err:
        raise gr.Error(str(err)) from err


def _check(kind: type, **given: Any) -> None:
    """Raises: gr.Error for a value of another kind; Gradio hands over whatever JSON was sent."""
    for name, value in given.items():
        is_number = kind is float and isinstance(value, int)
        if isinstance(value, bool) or not (isinstance(value, kind) or is_number):
            wanted = {str: "a text", float: "a number", int: "a whole number"}[kind]
            raise gr.Error(f"{name} has to be {wanted}.", print_exception=False)


def _media(file: Any) -> Media:
    """Return an upload; Gradio hands it over as the plain object that the client sent."""
    path = file.get("path") if isinstance(file, dict) else getattr(file, "path", None)
    if not isinstance(path, str):
        raise gr.Error("A file is missing. Send it, then name it.", print_exception=False)
    given = file.get("orig_name") if isinstance(file, dict) else file.orig_name
    return Media(name=given if isinstance(given, str) and given else Path(path).name, path=path)
