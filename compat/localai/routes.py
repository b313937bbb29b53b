"""LocalAI's routes: OpenAI's without their prefix, and a few of its own.

These routes are OpenAI's routers, mounted a second time. `POST /embeddings` is LLM API's too: a body
with `text` is LLM API's, one with `input` OpenAI's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import fastapi
from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute

from api.core.answers import SPOKEN, STREAMED
from api.core.audio.routes import create_audio_router
from api.core.completions.routes import create_chat_router
from api.core.completions.schemas import CompletionRequest
from api.core.dialect import Dialect
from api.core.embeddings import EmbeddingRequest, create_embeddings_router
from api.core.errors import headers_of, status_of
from api.core.models import create_models_router
from api.core.stream import collect, collected, merge
from configs.settings import Settings
from workers.client import Client
from workers.messages import Embed, Embedded
from workers.messages.errors import AppError

from . import convert
from .schemas import EditRequest, SpeakRequest, TextBody

Handler = Callable[..., Awaitable[Response]]


def create_router(client: Client, settings: Settings) -> APIRouter:
    """Return the routes, most of which have no prefix."""
    router = APIRouter()
    chat, embeddings = create_chat_router(client, settings), create_embeddings_router(client)
    complete, embed = _handler(chat, "/completions"), _handler(embeddings, "/embeddings")
    speak = _handler(create_audio_router(client, settings), "/audio/speech")
    router.include_router(chat)
    router.include_router(create_models_router(client))

    @router.post("/embeddings", response_model=None)
    async def embed_either(
        body: TextBody | EmbeddingRequest, connection: fastapi.Request
    ) -> Response | list[float]:
        """Turn texts into vectors; a body with `text` is answered with the bare numbers."""
        if isinstance(body, TextBody):
            return await embed_text(client, body.text, connection)
        return await embed(body, connection)

    @router.post("/v1/engines/{model:path}/completions", responses=STREAMED)
    async def complete_with(
        model: str, body: CompletionRequest, connection: fastapi.Request
    ) -> Response:
        """Continue a text with the model in the path."""
        return await complete(body.model_copy(update={"model": model}), connection)

    @router.post("/v1/engines/{model:path}/embeddings")
    async def embed_with(
        model: str, body: EmbeddingRequest, connection: fastapi.Request
    ) -> Response:
        """Turn texts into vectors with the model in the path."""
        return await embed(body.model_copy(update={"model": model}), connection)

    @router.post("/tts", response_class=Response, responses=SPOKEN)
    async def tts(body: SpeakRequest, connection: fastapi.Request) -> Response:
        """Speak a text."""
        return await speak(convert.to_speech(body), connection)

    _add_edits(router, client)
    return router


def _add_edits(router: APIRouter, client: Client) -> None:
    @router.post("/edits")
    @router.post("/v1/edits")
    async def edit(body: EditRequest, connection: fastapi.Request) -> Response:
        """Change a text as the instruction says."""
        card = client.models.get(body.model, "text") if body.model else client.card("text")
        requests = convert.to_edits(body, card)
        source = merge([client.astream(request) for request in requests])
        events = await collected(source, connection)
        choices = [[e for place, e in events if place == n] for n in range(len(requests))]
        return JSONResponse(convert.edit(choices, card.id))


async def embed_text(client: Client, text: str, connection: fastapi.Request) -> list[float]:
    """Return the vector of one text."""
    events = await collect(client, Embed(texts=(text,)), connection)
    return convert.floats(next(event for event in events if isinstance(event, Embedded)))


def _handler(router: APIRouter, path: str) -> Handler:
    """Return the function behind a route, to answer under another address."""
    routes = [route for route in router.routes if isinstance(route, APIRoute)]
    return next(route.endpoint for route in routes if route.path == path)


def on_error(error: AppError) -> Response:
    """Return LocalAI's error."""
    status = status_of(error)
    return JSONResponse(convert.error_body(error, status), status, headers_of(error))


LOCALAI = Dialect(
    name="LocalAI",
    page="localai",
    about="OpenAI's routes without /v1, edits, engines, tts.",
    prefixes=(
        "/chat/", "/completions", "/embeddings", "/edits", "/models", "/tts",
        "/v1/edits", "/v1/engines/",
    ),
    create_router=create_router,
    on_error=on_error,
)  # fmt: skip
