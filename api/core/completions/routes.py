"""Chat and text completions: convert, submit as many as there are choices, stream."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import fastapi
from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from sse_starlette import EventSourceResponse

from api.core.answers import STREAMED
from api.core.cleanup import cleaned
from api.core.conversation import Conversations, Question
from api.core.flows import FlowQuestion, in_flow, model_of
from api.core.personas import HttpPersonas
from api.core.stream import await_first_item, collected, in_turn, merge
from configs.catalogue import ModelCard
from configs.settings import Settings
from workers.client import Client
from workers.messages import Event, Finished, Usage
from workers.messages.errors import AppError

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
    conversations = Conversations(client, settings)
    personas = HttpPersonas(client)

    @router.post("/chat/completions", responses=STREAMED)
    async def chat(body: ChatRequest, connection: fastapi.Request) -> Response:
        """Continue a conversation, at once or as server-sent events."""
        body, persona = personas.applied(body, connection)
        requests, model = await _chat_requests(conversations, body)
        source = _answers(conversations, requests)
        answer = CompletionAnswer(requests[0].request_id, model, len(requests), objects.chunks_of)
        if body.stream:
            answer.opening = [
                objects.first_chunk(answer.answer_id, model, index) | persona
                for index in range(len(requests))
            ]
            return await answer.stream(source, body)
        card = client.models.get(requests[0].model or model)
        choices = answer.split(await collected(source, connection), card)
        whole = objects.chat_completion(choices, answer.answer_id, model)
        return JSONResponse(_with_persona(whole, persona))

    @router.post("/completions", responses=STREAMED)
    async def complete(body: CompletionRequest, connection: fastapi.Request) -> Response:
        """Continue a text as it stands, at once or as server-sent events."""
        card = conversations.text_card(body.model)
        requests = convert.to_completes(body, card)
        source = _answers(conversations, requests)
        answer = CompletionAnswer(
            requests[0].request_id, card.id, len(requests), objects.text_chunks_of
        )
        if body.stream:
            return await answer.stream(source, body)
        choices = answer.split(await collected(source, connection), card)
        echoes = [request.prompt for request in requests] if body.echo else []
        return JSONResponse(objects.text_completion(choices, answer.answer_id, card.id, echoes))

    return router


@dataclass(slots=True)
class CompletionAnswer:
    """What one body is answered with: several choices under one id."""

    answer_id: str
    model: str
    num_choices: int
    chunks_of: ChunksOf
    opening: list[Json] = field(default_factory=list)
    """Chunks that a stream begins with."""

    def split(
        self, events: tuple[Numbered, ...], card: ModelCard | None = None
    ) -> list[list[Event]]:
        """Return the events of each choice, without what the card wants cut from its answers."""
        choices: list[list[Event]] = [[] for _ in range(self.num_choices)]
        for index, event in events:
            choices[index].append(event)
        return [cleaned(choice, card) for choice in choices] if card else choices

    async def stream(
        self, source: AsyncGenerator[Numbered, None], body: SamplingBody
    ) -> EventSourceResponse:
        """Return the answer as server-sent events; a refusal is still an HTTP status."""
        has_usage = body.stream_options is not None and body.stream_options.include_usage
        events = await await_first_item(source, lambda item: item[1])
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


def _answers(
    conversations: Conversations, requests: Sequence[Question]
) -> AsyncGenerator[Numbered, None]:
    """Return the events of all choices: as they come, or, where a seed is given, choice by choice.

    What is computed in one batch with other answers differs in its last bits from what is computed
    alone, and who shares a batch is a matter of microseconds: answers of a seed must not depend on it.
    """
    sources = [conversations.open(request) for request in requests]
    is_seeded = any(
        not isinstance(request, FlowQuestion) and request.sampling.seed is not None
        for request in requests
    )
    return in_turn(sources) if is_seeded else merge(sources)


async def _chat_requests(
    conversations: Conversations, body: ChatRequest
) -> tuple[list[Question], str]:
    """Return one request per choice, and the name of the model that answers."""
    urls = convert.image_urls(body.messages)
    model = model_of(body)
    card = conversations.text_card(model, has_pictures=bool(urls))
    request = convert.to_generate(body, card)
    pictured = await conversations.with_pictures(request, urls, model)
    question = in_flow(pictured, body, card, body.n)
    if isinstance(question, FlowQuestion):
        return [question], body.model or card.id
    return [*convert.to_choices(question, body.n)], body.model or card.id


def _with_persona(answer: Json, persona: Json) -> Json:
    """Return an answer with what it says of its persona, beside what it says of a flow."""
    said = {**answer.get("quintet", {}), **persona.get("quintet", {})}
    return {**answer, "quintet": said} if said else answer


def _data(body: Json) -> dict[str, str]:
    return {"data": json.dumps(body, ensure_ascii=False)}
