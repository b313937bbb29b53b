"""Chat and text completions: convert, submit as many as there are choices, stream."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import fastapi
from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from sse_starlette import EventSourceResponse

from configs.settings import Settings
from workers.client import Client
from workers.errors import AppError
from workers.flows.pictures import ask_about_pictures
from workers.messages import Describe, Event, Finished, Usage

from ..fetch import fetch_public
from ..stream import collected, peeked_items, side_by_side
from . import convert, objects
from .errors import error_body
from .schemas import ChatRequest, CompletionRequest, SamplingBody

DONE = "[DONE]"

Json = dict[str, Any]
Numbered = tuple[int, Event]
ChunksOf = Callable[[Event, str, str, int], list[Json]]


def create_chat_router(client: Client, settings: Settings) -> APIRouter:
    """Return the routes /chat/completions and /completions."""
    router = APIRouter()

    @router.post("/chat/completions")
    async def chat(body: ChatRequest, connection: fastapi.Request) -> Response:
        """Continue a conversation, at once or as server-sent events."""
        requests, model = await _chat_requests(client, settings, body)
        source = side_by_side([_open(client, request) for request in requests])
        answer = Answer(requests[0].request_id, model, len(requests), objects.chunks_of)
        if body.stream:
            answer.opening = [
                objects.first_chunk(answer.answer_id, model, index)
                for index in range(len(requests))
            ]
            return await answer.stream(source, body)
        choices = answer.split(await collected(source, connection))
        return JSONResponse(objects.chat_completion(choices, answer.answer_id, model))

    @router.post("/completions")
    async def complete(body: CompletionRequest, connection: fastapi.Request) -> Response:
        """Continue a text as it stands, at once or as server-sent events."""
        card = _text_card(client, body.model)
        requests = convert.to_completes(body, card)
        source = side_by_side([client.astream(request) for request in requests])
        answer = Answer(requests[0].request_id, card.id, len(requests), objects.text_chunks_of)
        if body.stream:
            return await answer.stream(source, body)
        choices = answer.split(await collected(source, connection))
        echoes = [request.prompt for request in requests] if body.echo else []
        return JSONResponse(objects.text_completion(choices, answer.answer_id, card.id, echoes))

    return router


@dataclass(slots=True)
class Answer:
    """What one body is answered with: several choices under one id."""

    answer_id: str
    model: str
    num_choices: int
    chunks_of: ChunksOf
    opening: list[Json] = field(default_factory=list)
    """Chunks that a stream begins with."""

    def split(self, events: tuple[Numbered, ...]) -> list[list[Event]]:
        """Return the events of each choice."""
        choices: list[list[Event]] = [[] for _ in range(self.num_choices)]
        for index, event in events:
            choices[index].append(event)
        return choices

    async def stream(
        self, source: AsyncGenerator[Numbered, None], body: SamplingBody
    ) -> EventSourceResponse:
        """Return the answer as server-sent events; a refusal is still an HTTP status."""
        has_usage = body.stream_options is not None and body.stream_options.include_usage
        events = await peeked_items(source, lambda item: item[1])
        return EventSourceResponse(self._sse(events, has_usage=has_usage), sep="\n")

    async def _sse(
        self, source: AsyncGenerator[Numbered, None], *, has_usage: bool
    ) -> AsyncIterator[dict[str, str]]:
        for chunk in self.opening:
            yield _data(chunk)
        usages: list[Usage] = []
        try:
            async with aclosing(source):
                async for index, event in source:
                    for chunk in self.chunks_of(event, self.answer_id, self.model, index):
                        yield _data(chunk)
                    if isinstance(event, Finished):
                        usages.append(event.usage)
            if has_usage:
                yield _data(objects.usage_chunk(self.answer_id, self.model, *usages))
            yield {"data": DONE}
        except AppError as err:  # too late for a status: the stream itself says what went wrong
            yield _data(error_body(err))


async def _chat_requests(
    client: Client, settings: Settings, body: ChatRequest
) -> tuple[list[Any], str]:
    """Return one request per choice, and the name of the model that answers."""
    urls = convert.image_urls(body.messages)
    is_vision = bool(urls) and _names_vision(client, body.model)
    card = _text_card(client, None if is_vision else body.model)
    request = convert.to_generate(body, card)
    if not urls:
        return convert.to_choices(request, body.n), card.id
    images = [await fetch_public(url, settings.server.max_upload_mib) for url in urls]
    describe = convert.to_describe(request, images, body.model if is_vision else None)
    return convert.to_choices(describe, body.n), body.model or card.id


def _open(client: Client, request: Any) -> AsyncGenerator[Event, None]:
    if isinstance(request, Describe):
        return ask_about_pictures(client, request)
    return client.astream(request)


def _names_vision(client: Client, model: str | None) -> bool:
    return model is not None and client.models.get(model).modality == "vision"


def _text_card(client: Client, model: str | None) -> Any:
    return client.models.get(model, "text") if model else client.card("text")


def _data(body: Json) -> dict[str, str]:
    return {"data": json.dumps(body, ensure_ascii=False)}
