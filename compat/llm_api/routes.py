"""LLM API's routes. POST /embeddings, which LocalAI has too, lives there (`text` in the body)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import fastapi
from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from api.core.answers import STREAMED
from api.core.dialect import Dialect
from api.core.errors import headers_of, status_of
from api.core.stream import await_first_event, collect
from configs.settings import Settings
from workers.client import Client
from workers.messages.errors import AppError, EngineNotInstalledError

from . import convert
from .schemas import GenerateRequest


def create_router(client: Client, settings: Settings) -> APIRouter:
    """Return the routes, which have no prefix."""
    router = APIRouter()

    @router.post("/generate")
    async def generate(body: GenerateRequest, connection: fastapi.Request) -> str:
        """Continue a text, without a chat template; the answer is a JSON string."""
        request = convert.to_complete(body, client.card("text"))
        return convert.text_of(await collect(client, request, connection), body)

    @router.post("/agenerate", response_class=EventSourceResponse, responses=STREAMED)
    async def agenerate(body: GenerateRequest) -> EventSourceResponse:
        """Continue a text as server-sent events of raw text; `ping` events are to be skipped."""
        events = await await_first_event(client, convert.to_complete(body, client.card("text")))
        return EventSourceResponse(
            _sse(convert.pieces_of(events, body)),
            headers={"Cache-Control": "no-cache"},
            ping_message_factory=convert.ping,
        )

    @router.get("/check")
    def check() -> str:
        """The server lives."""
        return "Ok"

    return router


async def _sse(pieces: AsyncIterator[str]) -> AsyncIterator[ServerSentEvent]:
    try:
        async for text in pieces:
            yield ServerSentEvent(text)
    except AppError as err:  # too late for a status, and raw text has no other place for it
        yield convert.broken(err)


def on_error(error: AppError) -> Response:
    """Return the sentence as plain text; 501 where the model's engine is not installed (M9)."""
    status = 501 if isinstance(error, EngineNotInstalledError) else status_of(error)
    return PlainTextResponse(str(error), status, headers_of(error))


def on_invalid(error: RequestValidationError) -> Response:
    """Return 422 with what is wrong and where."""
    return JSONResponse(convert.findings(error), 422)


LLM_API = Dialect(
    name="LLM API",
    page="llm-api",
    about="Text in, text out, for LLM API's clients.",
    prefixes=("/generate", "/agenerate", "/check"),
    create_router=create_router,
    on_error=on_error,
    on_invalid=on_invalid,
)
