"""Ollama's API: chat and generate, and all its other routes put together."""

from __future__ import annotations

import fastapi
from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from api.core.answers import IN_LINES
from api.core.conversation import Conversations, Question
from api.core.dialect import Dialect
from api.core.errors import headers_of, status_of
from api.core.flows import in_flow, model_of
from configs.catalogue import ModelCard
from configs.settings import Settings
from workers.client import Client
from workers.messages import Generate
from workers.messages.errors import AppError, UnsupportedInputError

from . import convert, names, prompting
from .answering import OllamaAnswer, hold
from .bodies import AnyTypeRoute
from .continuing import ContinuedAnswer
from .durations import seconds_of
from .embeddings import create_embeddings_router
from .heartbeat import create_heartbeat_router
from .listing import create_listing_router
from .managing import create_managing_router
from .objects import AnswerWriter, Route
from .schemas import Asked, ChatBody, GenerateBody

NOT_OF_PICTURES = ("tools", "think", "logprobs")
"""Keys that a question about pictures does not follow."""


def create_router(client: Client, settings: Settings) -> APIRouter:
    """Return the routes under /api, and the heartbeat at /."""
    router = APIRouter()
    router.include_router(create_heartbeat_router())
    answers = APIRouter(prefix="/api", route_class=AnyTypeRoute)
    conversations = Conversations(client, settings)
    _add_chat(answers, conversations)
    _add_generate(answers, conversations)
    router.include_router(answers)
    router.include_router(create_embeddings_router(client))
    router.include_router(create_listing_router(client, settings))
    router.include_router(create_managing_router(client))
    return router


def _add_chat(router: APIRouter, conversations: Conversations) -> None:
    client = conversations.client

    @router.post("/chat", responses=IN_LINES)
    async def chat(body: ChatBody, connection: fastapi.Request) -> Response:
        """Continue a conversation, as newline-delimited JSON or at once; without messages, only load."""
        model = model_of(body)
        card = client.card("text")  # which a flow asks first if no other is named
        if model is not None:
            card = names.find(client.models, model, "text", "vision")
        if not body.messages:
            return await _only_load(client, card, body, "chat", connection)
        urls = convert.image_urls(image for turn in body.messages for image in turn.images)
        _check(body, card, has_pictures=bool(urls))
        text_card = conversations.text_card(card.id, has_pictures=bool(urls))
        request = convert.to_chat(body, text_card)
        answer = OllamaAnswer(
            conversations=conversations,
            card=text_card,
            body=body,
            writer=AnswerWriter(route="chat", model=body.model),
            ignored=_not_of_pictures(body) if urls else (),
        )
        question = in_flow(
            await conversations.with_pictures(request, urls, card.id), body, text_card
        )
        return await answer.send(question, connection)


def _add_generate(router: APIRouter, conversations: Conversations) -> None:
    client = conversations.client

    @router.post("/generate", responses=IN_LINES)
    async def generate(body: GenerateBody, connection: fastapi.Request) -> Response:
        """Answer one prompt, as newline-delimited JSON or at once; without a prompt, only load."""
        card = names.find(client.models, body.model, "text", "vision")
        if not (body.prompt or body.suffix or body.images):
            return await _only_load(client, card, body, "generate", connection)
        urls = convert.image_urls(body.images)
        _check(body, card, has_pictures=bool(urls))
        text_card = conversations.text_card(card.id, has_pictures=bool(urls))
        # a template is rendered by a process of its own, and waited for
        request = await run_in_threadpool(prompting.to_request, body, text_card)
        answer = ContinuedAnswer(
            conversations=conversations,
            card=text_card,
            body=body,
            writer=AnswerWriter(route="generate", model=body.model),
            ignored=_not_of_pictures(body) if urls else (),
            turns=request.messages if isinstance(request, Generate) else (),
        )
        question: Question = request
        if isinstance(request, Generate):
            question = await conversations.with_pictures(request, urls, card.id)
        return await answer.send(question, connection)


def _check(body: Asked, card: ModelCard, *, has_pictures: bool) -> None:
    """Raises: UnsupportedInputError for what would make the answer another one than was asked for."""
    if has_pictures and body.format:
        raise UnsupportedInputError(
            "An answer about pictures cannot be held to a format.",
            "Leave out format, or ask for it in a second turn without the picture.",
        )
    if not has_pictures and card.modality == "vision":
        raise UnsupportedInputError(
            f"{body.model!r} answers about pictures only.", "Send one in images."
        )


def _not_of_pictures(body: Asked) -> tuple[str, ...]:
    return tuple(name for name in NOT_OF_PICTURES if getattr(body, name))


async def _only_load(
    client: Client, card: ModelCard, body: Asked, route: Route, connection: fastapi.Request
) -> Response:
    """Load or unload the model; the answer is one object even where a stream was asked for."""
    is_there = await hold(client, card, seconds_of(body.keep_alive), connection)
    done = AnswerWriter(route=route, model=body.model).done("load" if is_there else "unload")
    return JSONResponse(done)


def on_error(error: AppError) -> JSONResponse:
    """Return Ollama's error object."""
    return JSONResponse({"error": str(error)}, status_of(error), headers_of(error))


OLLAMA = Dialect(
    name="Ollama",
    page="ollama",
    about="Ollama's whole API, for its clients and the programs that look for it.",
    prefixes=("/api/",),
    create_router=create_router,
    on_error=on_error,
)
