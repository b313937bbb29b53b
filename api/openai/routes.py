"""OpenAI's routes: convert, submit, stream. Nothing below knows who asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import fastapi
from fastapi import APIRouter, File, Form, UploadFile
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from sse_starlette import EventSourceResponse

from configs.catalogue import ModelCard
from configs.settings import Settings
from workers.client import Client
from workers.errors import AppError, UnknownModelError
from workers.messages import (
    MODALITIES,
    AudioInfo,
    Embed,
    Embedded,
    Event,
    Finished,
    Modality,
    SegmentDelta,
    Transcribe,
)
from workers.subtitles import plain_text, to_subtitles

from ..dialect import Dialect
from ..stream import collect, peeked
from ..uploads import saved
from . import convert
from .errors import error_body, error_response
from .schemas import ChatRequest, EmbeddingRequest

DONE = "[DONE]"


def create_router(client: Client, settings: Settings) -> APIRouter:
    """Return the routes under /v1."""
    router = APIRouter(prefix="/v1")
    max_upload_mib = settings.server.max_upload_mib
    cards = {client.card(modality).id: client.card(modality) for modality in MODALITIES}

    @router.get("/models")
    def list_models() -> dict[str, Any]:
        """The models that this Quintet runs."""
        return convert.model_list(list(cards.values()))

    @router.get("/models/{model_id}")
    def show_model(model_id: str) -> dict[str, Any]:
        """One model."""
        return convert.model_object(_card(cards, model_id))

    @router.post("/chat/completions")
    async def chat(body: ChatRequest, connection: fastapi.Request) -> Response:
        """Continue a conversation, at once or as server-sent events."""
        model = _checked(client, "text", body.model)
        request = convert.to_generate(body)
        if not body.stream:
            events = await collect(client, request, connection)
            return JSONResponse(convert.chat_completion(events, request.request_id, model))
        source = await peeked(client, request)
        first = convert.first_chunk(request.request_id, model)
        return EventSourceResponse(
            _sse(source, first, model, include_usage=body.stream_options.include_usage), sep="\n"
        )

    @router.post("/embeddings")
    async def embed(body: EmbeddingRequest, connection: fastapi.Request) -> dict[str, Any]:
        """Turn texts into vectors."""
        model = _checked(client, "rag", body.model)
        texts = (body.input,) if isinstance(body.input, str) else tuple(body.input)
        events = await collect(client, Embed(texts=texts), connection)
        embedded = next(event for event in events if isinstance(event, Embedded))
        return convert.embeddings(embedded, model, body.encoding_format)

    @router.post("/audio/transcriptions")
    async def transcribe(
        connection: fastapi.Request,
        file: Annotated[UploadFile, File()],
        model: Annotated[str | None, Form()] = None,
        language: Annotated[str | None, Form()] = None,
        prompt: Annotated[str | None, Form()] = None,
        response_format: Annotated[
            Literal["json", "text", "srt", "vtt", "verbose_json"], Form()
        ] = "json",
    ) -> Response:
        """Write down speech."""
        _checked(client, "stt", model)
        async with saved(file, max_upload_mib) as audio:
            request = Transcribe(
                audio=audio,
                language=language,
                initial_prompt=prompt,
                word_timestamps=response_format == "verbose_json",
            )
            return _transcript(await collect(client, request, connection), response_format)

    return router


def _transcript(events: tuple[Event, ...], form: str) -> Response:
    segments = [event for event in events if isinstance(event, SegmentDelta)]
    info = next(event for event in events if isinstance(event, AudioInfo))
    text = plain_text(segments)
    if form == "text":
        return PlainTextResponse(text + "\n")
    if form in ("srt", "vtt"):
        subtitles = to_subtitles(segments, "srt" if form == "srt" else "vtt")
        return PlainTextResponse(subtitles, media_type="text/plain")
    if form == "json":
        return JSONResponse({"text": text})
    return JSONResponse(
        {
            "task": "transcribe",
            "language": info.language,
            "duration": info.duration_s,
            "text": text,
            "segments": [
                {"id": n, "start": s.start_s, "end": s.end_s, "text": s.text}
                for n, s in enumerate(segments)
            ],
            "words": [
                {"word": word.text, "start": word.start_s, "end": word.end_s}
                for segment in segments
                for word in segment.words
            ],
        }
    )


async def _sse(
    events: AsyncIterator[Event], first: dict[str, Any], model: str, *, include_usage: bool
) -> AsyncIterator[dict[str, str]]:
    yield {"data": json.dumps(first)}
    try:
        async for event in events:
            for chunk in convert.chunks_of(event, model, include_usage=include_usage):
                yield {"data": json.dumps(chunk, ensure_ascii=False)}
            if isinstance(event, Finished):
                yield {"data": DONE}
    except AppError as err:  # too late for a status: the stream itself says what went wrong
        yield {"data": json.dumps(error_body(err))}


def _card(cards: dict[str, ModelCard], model_id: str) -> ModelCard:
    if model_id not in cards:
        raise UnknownModelError(
            f"No model is called {model_id!r}; running: {', '.join(cards)}.",
            "GET /v1/models lists them.",
        )
    return cards[model_id]


def _checked(client: Client, modality: Modality, model_id: str | None) -> str:
    """Return the running model's id; another one asked for by name is refused."""
    card = client.card(modality)
    return _card({card.id: card}, model_id or card.id).id


OPENAI = Dialect(
    name="OpenAI", prefixes=("",), create_router=create_router, on_error=error_response
)
