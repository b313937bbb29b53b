"""Gai/Gen's routes for text, speech and pictures: convert, submit, stream."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any
from urllib.parse import quote

import fastapi
from fastapi import APIRouter, File, Form, UploadFile
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel

from api.core.answers import IN_LINES, SPOKEN
from api.core.dialect import Dialect
from api.core.stream import await_first_item, collect, collected
from api.core.uploads import saved
from configs.catalogue import ModelCard
from configs.settings import Settings
from workers.client import Client
from workers.flows.pictures import ask_about_pictures
from workers.flows.speech import FileBytes, speak_to_file
from workers.media.audio import format_of, pcm_to_wav
from workers.media.fetch import fetch_public
from workers.messages import AudioDelta, Event, Finished, Synthesize, Transcribe
from workers.messages.errors import AppError

from . import convert, objects
from .errors import SwitchedOffError, error_body, on_error, on_invalid
from .generators import card_of
from .schemas import ChatBody, SpeechBody, Text, VisionBody

NDJSON = "application/x-ndjson"


def create_router(client: Client, settings: Settings) -> APIRouter:
    """Return the routes under /gen/v1, RAG's apart."""
    router = APIRouter(prefix="/gen/v1")
    _add_talk(router, client, settings)
    _add_sound(router, client, settings)

    @router.put("/chat/install", status_code=403)
    @router.put("/chat/config", status_code=403)
    def change() -> None:
        """Switched off: models are added and chosen by whoever runs Quintet (GG13)."""
        raise SwitchedOffError(
            "A service cannot be told over HTTP what to install or which model to use.",
            "Put a card into configs/models/, or change the settings, on the machine itself.",
        )

    return router


def _add_talk(router: APIRouter, client: Client, settings: Settings) -> None:
    @router.post("/chat/completions", responses=IN_LINES)
    async def chat(body: ChatBody, connection: fastapi.Request) -> Response:
        """Continue a conversation, as newline-delimited JSON or at once."""
        card = card_of(client.models, "text", body.model)
        request = convert.to_generate(body, card)
        answer = GaiAnswer(body.model, request.request_id, _headers(body, card))
        return await answer.send(client.astream(request), connection, is_stream=body.stream)

    @router.post("/vision/completions", responses=IN_LINES)
    async def look(body: VisionBody, connection: fastapi.Request) -> Response:
        """Answer a question about pictures, at once or as newline-delimited JSON."""
        card = card_of(client.models, "vision", body.model)
        urls = convert.image_urls(body)
        images = [await fetch_public(url, settings.server.max_upload_mib) for url in urls]
        request = convert.to_describe(body, images, card, client.card("text"))
        answer = GaiAnswer(body.model, request.request_id, _headers(body, card))
        events = ask_about_pictures(client, request)
        return await answer.send(events, connection, is_stream=body.stream)


def _add_sound(router: APIRouter, client: Client, settings: Settings) -> None:
    @router.post("/audio/speech", response_class=Response, responses=SPOKEN)
    async def speak(body: SpeechBody, connection: fastapi.Request) -> Response:
        """Speak a text: sound while it is spoken, or the whole file."""
        card = card_of(client.models, "tts", body.model)
        ready = client.ready("tts", card.id)
        voices = ready.voices if ready else card.options.get("voices", ())
        request = convert.to_synthesize(body, card, voices)
        name = convert.speech_format(body)
        headers = _headers(body, card)
        if not body.stream:
            data = await _whole_file(client, request, name, connection)
            return Response(data, media_type=format_of(name).mime, headers=headers)
        pieces = await await_first_item(speak_to_file(client, request, name), lambda piece: piece)
        return StreamingResponse(_file(pieces), media_type=format_of(name).mime, headers=headers)

    @router.post("/audio/transcriptions")
    async def transcribe(
        connection: fastapi.Request,
        file: Annotated[UploadFile, File()],
        model: Annotated[Text, Form()] = "whisper-transformers",
        language: Annotated[Text | None, Form()] = None,
    ) -> dict[str, Any]:
        """Write down speech, with the times of its pieces; the language is found out."""
        card = card_of(client.models, "stt", model)
        async with saved(file, settings.server.max_upload_mib) as audio:
            request = Transcribe(audio=audio, language=language or None, model=card.id)
            return objects.transcript(await collect(client, request, connection))


class GaiAnswer:
    """One conversation's answer, whole or in chunks, under one id (GG8)."""

    def __init__(self, model: str, answer_id: str, headers: dict[str, str]) -> None:
        self._model = model
        self._answer_id = answer_id
        self._headers = headers

    async def send(
        self,
        events: AsyncGenerator[Event, None],
        connection: fastapi.Request,
        *,
        is_stream: bool,
    ) -> Response:
        """Return the answer; a refusal is still an HTTP status. Raises: AppError."""
        if not is_stream:
            whole = await collected(events, connection)
            body = objects.chat_completion(whole, self._answer_id, self._model)
            return JSONResponse(body, headers=self._headers)
        source = await await_first_item(events, lambda event: event)
        return StreamingResponse(self._lines(source), media_type=NDJSON, headers=self._headers)

    async def _lines(self, events: AsyncGenerator[Event, None]) -> AsyncIterator[str]:
        writer = objects.ChunkWriter(self._answer_id, self._model)
        try:
            async with aclosing(events):
                async for event in events:
                    for chunk in writer.add(event):
                        yield _line(chunk)
        except AppError as err:  # too late for a status: the stream itself says what went wrong
            yield _line(error_body(err, "internal_error"))


async def _whole_file(
    client: Client, request: Synthesize, name: str, connection: fastapi.Request
) -> bytes:
    """Return the file; a WAV's header then knows its length."""
    if name == "wav":
        events = await collect(client, request, connection)
        spoken = [event for event in events if isinstance(event, AudioDelta)]
        return pcm_to_wav(b"".join(piece.pcm for piece in spoken), spoken[0].sample_rate)
    pieces = await collected(speak_to_file(client, request, name), connection)
    return b"".join(piece.data for piece in pieces if isinstance(piece, FileBytes))


async def _file(pieces: AsyncGenerator[FileBytes | Finished, None]) -> AsyncIterator[bytes]:
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, FileBytes):
                yield piece.data


def _line(body: dict[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False) + "\n"


def _headers(body: BaseModel, card: ModelCard) -> dict[str, str]:
    """Return headers naming the model that answers, and keys that nothing here understands (GG5)."""
    headers = {"X-Quintet-Model": quote(card.id, safe="/:@+ ")}
    ignored = [re.sub(r"[^\w.-]", "?", key, flags=re.ASCII)[:40] for key in body.model_extra or {}]
    return {**headers, "X-Quintet-Ignored": ", ".join(ignored[:20])} if ignored else headers


GAI = Dialect(
    name="Gai/Gen",
    page="gai",
    about="Text, speech and pictures, for Gai/Gen's clients.",
    prefixes=("/gen/v1",),
    create_router=create_router,
    on_error=on_error,
    on_invalid=on_invalid,
)
