"""Anthropic's Messages API: convert, submit, stream."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

import fastapi
from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from sse_starlette import EventSourceResponse

from api.core.answers import STREAMED
from api.core.conversation import Conversations
from api.core.dialect import Dialect
from api.core.errors import headers_of, status_of
from api.core.flows import in_flow, model_of
from api.core.stream import await_first_item, collected
from configs.settings import Settings
from workers.client import Client
from workers.messages import Event
from workers.messages.errors import AppError
from workers.messages.folds import end_of

from . import convert
from .objects import MessageStream, message
from .schemas import CountRequest, MessagesRequest

ERROR_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}


def create_router(client: Client, settings: Settings) -> APIRouter:
    """Return the routes /v1/messages and /v1/messages/count_tokens."""
    router = APIRouter(prefix="/v1")
    conversations = Conversations(client, settings)

    @router.post("/messages", responses=STREAMED)
    async def create_message(body: MessagesRequest, connection: fastapi.Request) -> Response:
        """Continue a conversation, at once or as server-sent events."""
        urls = convert.image_urls(body)
        first = model_of(body)
        card = conversations.text_card(first, has_pictures=bool(urls))
        pictured = await conversations.with_pictures(convert.to_generate(body, card), urls, first)
        request = in_flow(pictured, body, card)
        events = conversations.open(request)
        model = body.model or card.id
        if not body.stream:
            answer = await collected(events, connection)
            return JSONResponse(message(answer, request.request_id, model))
        stream = MessageStream(request.request_id, model)
        source = await await_first_item(events, lambda event: event)
        return EventSourceResponse(_sse(source, stream), sep="\n")

    @router.post("/messages/count_tokens")
    async def count_tokens(body: CountRequest, connection: fastapi.Request) -> dict[str, int]:
        """Count a conversation's tokens, by the model itself: it reads the prompt once.

        Pictures count as the text that is read in them.
        """
        urls = convert.image_urls(body)
        card = conversations.text_card(body.model, has_pictures=bool(urls))
        request = await conversations.with_pictures(
            convert.to_generate(body, card), urls, body.model
        )
        answer = await collected(conversations.open(request), connection)
        return {"input_tokens": end_of(answer).usage.prompt_tokens}

    return router


async def _sse(
    source: AsyncGenerator[Event, None], stream: MessageStream
) -> AsyncIterator[dict[str, str]]:
    yield _named(stream.start())
    try:
        async with aclosing(source):
            async for event in source:
                for part in stream.add(event):
                    yield _named(part)
    except AppError as err:  # too late for a status: the stream itself says what went wrong
        yield _named(error_body(err))


def _named(part: dict[str, Any]) -> dict[str, str]:
    return {"event": part["type"], "data": json.dumps(part, ensure_ascii=False)}


def error_body(error: AppError) -> dict[str, Any]:
    """Return Anthropic's error object."""
    status = status_of(error)
    kind = ERROR_TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")
    return {"type": "error", "error": {"type": kind, "message": str(error)}}


def error_response(error: AppError) -> JSONResponse:
    """Return the error as HTTP."""
    return JSONResponse(error_body(error), status_of(error), headers_of(error))


ANTHROPIC = Dialect(
    name="Anthropic",
    page="anthropic",
    about="The Messages API, for Anthropic's clients.",
    prefixes=("/v1/messages",),
    create_router=create_router,
    on_error=error_response,
)
