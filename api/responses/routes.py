"""OpenAI's Responses API: convert, submit, stream; finished responses can be continued by id."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import fastapi
from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from sse_starlette import EventSourceResponse

from api.core.answers import STREAMED
from api.core.completions.errors import error_response
from api.core.conversation import Conversations
from api.core.dialect import Dialect
from api.core.flows import in_flow, model_of
from api.core.stream import await_first_item, collected
from configs.settings import Settings
from workers.client import Client
from workers.messages import ChatMessage, Event, ToolCall
from workers.messages.errors import AppError
from workers.messages.folds import calls_of, text_of

from . import convert
from .objects import ResponseWriter
from .schemas import ResponseRequest
from .store import ResponseStore, Stored

Keep = Callable[[tuple[Event, ...]], None]


def create_router(client: Client, settings: Settings) -> APIRouter:
    """Return the routes under /v1/responses."""
    router = APIRouter(prefix="/v1/responses")
    conversations = Conversations(client, settings)
    store = ResponseStore()

    @router.post("", responses=STREAMED)
    async def respond(body: ResponseRequest, connection: fastapi.Request) -> Response:
        """Continue a conversation, at once or as server-sent events."""
        earlier = _earlier(store, body)
        urls = convert.image_urls(body)
        model = model_of(body)
        card = conversations.text_card(model, has_pictures=bool(urls))
        generate = convert.to_generate(body, earlier, card)
        pictured = await conversations.with_pictures(generate, urls, model)
        request = in_flow(pictured, body, card)
        writer = ResponseWriter(body, request.request_id, body.model or card.id)

        def keep(events: tuple[Event, ...]) -> None:
            if body.store:
                said = (*earlier, *convert.to_messages(body), _said(events))
                store.add(Stored(writer.response, said))

        events = conversations.open(request)
        if body.stream:
            source = await await_first_item(events, lambda event: event)
            return EventSourceResponse(_sse(source, writer, keep), sep="\n")
        answer = await collected(events, connection)
        for event in answer:
            for _ in writer.add(event):
                pass  # the writer's response grows; nobody listens to its events
        keep(answer)
        return JSONResponse(writer.response)

    _add_kept(router, store)
    return router


def _add_kept(router: APIRouter, store: ResponseStore) -> None:
    """Add what can be asked of a response that was kept."""

    @router.get("/{response_id}")
    async def show(response_id: str) -> dict[str, Any]:
        """A finished response."""
        return store.get(response_id).response

    @router.delete("/{response_id}")
    async def forget(response_id: str) -> dict[str, Any]:
        """Forget a response."""
        store.remove(response_id)
        return {"id": response_id, "object": "response", "deleted": True}


def _earlier(store: ResponseStore, body: ResponseRequest) -> tuple[ChatMessage, ...]:
    if body.previous_response_id is None:
        return ()
    return store.get(body.previous_response_id).conversation


def _said(events: tuple[Event, ...]) -> ChatMessage:
    calls = tuple(
        ToolCall(
            call_id=call["id"],
            name=call["function"]["name"],
            arguments=call["function"]["arguments"],
        )
        for call in calls_of(events)
    )
    return ChatMessage(role="assistant", text=text_of(events), tool_calls=calls)


async def _sse(
    source: AsyncGenerator[Event, None], writer: ResponseWriter, keep: Keep
) -> AsyncIterator[dict[str, str]]:
    for part in writer.start():
        yield _named(part)
    seen: list[Event] = []
    try:
        async with aclosing(source):
            async for event in source:
                seen.append(event)
                for part in writer.add(event):
                    yield _named(part)
        keep(tuple(seen))
    except AppError as err:  # too late for a status: the stream itself says what went wrong
        yield _named(writer.fail(err.code, str(err)))


def _named(part: dict[str, Any]) -> dict[str, str]:
    return {"event": part["type"], "data": json.dumps(part, ensure_ascii=False)}


RESPONSES = Dialect(
    name="OpenAI Responses",
    page="openai",
    about="The Responses API, continued by id.",
    prefixes=("/v1/responses",),
    create_router=create_router,
    on_error=error_response,
)
