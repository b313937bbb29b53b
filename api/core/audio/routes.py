"""OpenAI's audio routes: write down, translate, speak. Convert, submit, stream."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from typing import Annotated, Any

import fastapi
from fastapi import APIRouter, Form
from fastapi.responses import Response
from sse_starlette import EventSourceResponse

from api.core.answers import SPOKEN_OR_STREAMED, WRITTEN
from api.core.completions.errors import error_body
from api.core.speech import Pieces, SpokenFile
from api.core.stream import await_first_event, await_first_item, collect, while_connected
from api.core.uploads import UploadEvents, saved
from configs.settings import Settings
from workers.client import Client
from workers.flows.speech import FileBytes, speak_to_file
from workers.media.fetch import from_base64, from_data_uri
from workers.messages import Event, Finished, Media, Modality
from workers.messages.errors import AppError, UnsupportedInputError

from . import convert as convert
from .schemas import SpeechRequest, TranscriptionForm, TranslationForm

UPLOAD = "multipart/form-data"


def create_audio_router(client: Client, settings: Settings) -> APIRouter:
    """Return the routes under /audio."""
    router = APIRouter(prefix="/audio")
    max_mib = settings.server.max_upload_mib

    @router.post("/transcriptions", responses=WRITTEN)
    async def transcribe(
        form: Annotated[TranscriptionForm, Form(media_type=UPLOAD)], connection: fastapi.Request
    ) -> Response:
        """Write down speech, at once or as server-sent events."""
        return await _listen(client, form, connection, max_mib)

    @router.post("/translations", responses=WRITTEN)
    async def translate(
        form: Annotated[TranslationForm, Form(media_type=UPLOAD)], connection: fastapi.Request
    ) -> Response:
        """Write down speech of any language that the model knows, in English."""
        return await _listen(client, form, connection, max_mib)

    @router.post("/speech", response_class=Response, responses=SPOKEN_OR_STREAMED)
    async def speak(body: SpeechRequest, connection: fastapi.Request) -> Response:
        """Speak a text. The file is sent while it grows: its first sentence before the last."""
        model = _model(client, "tts", body.model)
        clip = _clip(body.voice_clip, max_mib)
        request = convert.to_synthesize(body, model, _voices(client, model), clip)
        spoken = speak_to_file(client, request, body.response_format, convert.file_rate_hz(body))
        pieces = await while_connected(await_first_item(spoken, _itself), connection)
        if body.stream_format == "sse":
            return EventSourceResponse(_sse(_speech_events(pieces)), sep="\n")
        return SpokenFile(pieces, body.response_format)

    return router


async def _listen(
    client: Client, form: TranslationForm, connection: fastapi.Request, max_mib: float
) -> Response:
    if form.stream and form.response_format not in ("json", "verbose_json"):
        raise UnsupportedInputError(
            f"A stream carries events, not {form.response_format}.",
            "Ask for json or verbose_json, or leave out stream.",
        )
    model = _model(client, "stt", form.model)
    async with AsyncExitStack() as stack:
        audio = await stack.enter_async_context(saved(form.file, max_mib))
        request = convert.to_transcribe(form, audio, model)
        if form.stream:
            events = await while_connected(await_first_event(client, request), connection)
            live = _sse(_transcript_events(events, form))
            return UploadEvents(live, stack.pop_all())
        text, media_type = convert.transcript(await collect(client, request, connection), form)
        return Response(text, media_type=media_type)


def _model(client: Client, modality: Modality, name: str | None) -> str | None:
    """Return the id of the card that is asked for; None: the one in use."""
    if not name or name in convert.OPENAI_MODELS:
        return None
    return client.models.get(name, modality).id


def _clip(sent: str | None, max_mib: float) -> Media | None:
    if sent is None:
        return None
    if sent.startswith("data:"):
        return from_data_uri(sent, max_mib)
    return from_base64(sent, "voice_clip", max_mib)


def _voices(client: Client, model: str | None) -> tuple[str, ...]:
    """Return the model's voices: what its card says as long as it is not loaded."""
    card = client.models.get(model, "tts") if model else client.card("tts")
    ready = client.ready("tts", card.id)
    return ready.voices if ready else tuple(card.options.get("voices", ()))


def _itself(piece: FileBytes | Finished) -> Event:
    return piece


async def _speech_events(pieces: Pieces) -> AsyncIterator[dict[str, Any]]:
    async with aclosing(pieces):
        async for piece in pieces:
            yield convert.speech_event(piece)


async def _transcript_events(
    events: AsyncIterator[Event], form: TranslationForm
) -> AsyncIterator[dict[str, Any]]:
    live = convert.LiveTranscript(form)
    async for event in events:
        for body in live.add(event):
            yield body


async def _sse(bodies: AsyncIterator[dict[str, Any]]) -> AsyncIterator[dict[str, str]]:
    try:
        async for body in bodies:
            yield {"data": json.dumps(body, ensure_ascii=False)}
    except AppError as err:  # too late for a status: the stream itself says what went wrong
        yield {"data": json.dumps(error_body(err))}
