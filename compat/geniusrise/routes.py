"""Geniusrise's routes. Each was tied to one runtime; here all work with the model that is loaded."""

from __future__ import annotations

import fastapi
from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response

from api.core.answers import STREAMED
from api.core.completions import objects
from api.core.completions.convert import to_choices, to_completes
from api.core.completions.routes import CompletionAnswer
from api.core.completions.schemas import ChatRequest
from api.core.dialect import Dialect
from api.core.errors import headers_of, status_of
from api.core.stream import collected, merge
from configs.catalogue import ModelCard
from configs.settings import Settings
from workers.client import Client
from workers.messages import Generate
from workers.messages.errors import AppError, RequestError, UnknownModelError

from . import convert
from .schemas import ChatBody, LlamaCppBody, PlainBody, VllmBody

PREFIX = "/api/v1"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


class NotJsonError(RequestError):
    """The body is not labelled as JSON."""

    code = "unsupported_media_type"


def require_json(connection: fastapi.Request) -> None:
    """Raises: NotJsonError unless the body is labelled as JSON."""
    label = connection.headers.get("content-type", "")
    if "json" not in label:
        raise NotJsonError(
            f"The body is labelled {label!r}.", "Send the header Content-Type: application/json."
        )


def create_router(client: Client, settings: Settings) -> APIRouter:
    """Return the routes under /api/v1; the last answers every other path and method there."""
    router = APIRouter(prefix=PREFIX)
    json_only = [Depends(require_json)]

    @router.post("/chat", dependencies=json_only, responses=STREAMED)
    async def chat(body: ChatBody, connection: fastapi.Request) -> Response:
        """Answer one question."""
        request = convert.to_chat(body, _card(client, body.model))
        requests = to_choices(request, body.n)
        answer = _answer(requests, body.n)
        source = merge([client.astream(request) for request in requests])
        if body.stream:
            return await answer.stream(source, body)
        choices = answer.split(await collected(source, connection))
        return JSONResponse(convert.result(body, choices))

    @router.post("/chat_vllm", dependencies=json_only, responses=STREAMED)
    @router.post("/completions", dependencies=json_only, include_in_schema=False)
    async def chat_vllm(body: VllmBody, connection: fastapi.Request) -> Response:
        """Continue a conversation, with vLLM's keys and defaults."""
        return await _complete(client, body, connection)

    @router.post("/chat_llama_cpp", dependencies=json_only, responses=STREAMED)
    @router.post("/completion", dependencies=json_only, include_in_schema=False)
    async def chat_llama_cpp(body: LlamaCppBody, connection: fastapi.Request) -> Response:
        """Continue a conversation, with llama.cpp's keys and defaults."""
        return await _complete(client, body, connection)

    paths = {getattr(route, "path", "") for route in router.routes}

    @router.api_route("/{path:path}", methods=METHODS, include_in_schema=False)
    async def other(path: str, connection: fastapi.Request) -> Response:
        return _no_route(f"{PREFIX}/{path}", connection.method, paths)

    return router


def _no_route(path: str, method: str, paths: set[str]) -> Response:
    if path in paths:
        sentence = f"{method} is not possible here, only POST."
        return JSONResponse(convert.error_body(405, sentence), 405, {"Allow": "POST, OPTIONS"})
    known = ", ".join(sorted(paths))
    return JSONResponse(convert.error_body(404, f"No such route; there are {known}."), 404)


async def _complete(
    client: Client, body: ChatRequest | PlainBody, connection: fastapi.Request
) -> Response:
    convert.check(body)
    card = _card(client, body.model)
    if isinstance(body, PlainBody):
        return await _continue_text(client, body, card, connection)
    requests = to_choices(convert.to_generate(body, card), convert.num_written(body))
    answer = _answer(requests, len(requests))
    source = merge([client.astream(request) for request in requests])
    if body.stream:
        for chunk in answer.opening:
            chunk["choices"][0]["delta"] = convert.opening(body)
        return await answer.stream(source, body)
    choices = convert.likeliest(answer.split(await collected(source, connection)), body)
    whole = objects.chat_completion(choices, answer.answer_id, card.id)
    return JSONResponse(convert.opened(whole, body))


async def _continue_text(
    client: Client, body: PlainBody, card: ModelCard, connection: fastapi.Request
) -> Response:
    requests = to_completes(body, card)
    answer = CompletionAnswer(
        requests[0].request_id, card.id, len(requests), objects.text_chunks_of
    )
    source = merge([client.astream(request) for request in requests])
    if body.stream:
        return await answer.stream(source, body)
    choices = answer.split(await collected(source, connection))
    echoes = [request.prompt for request in requests] if body.echo else []
    whole = objects.text_completion(choices, answer.answer_id, card.id, echoes)
    for choice in whole["choices"]:
        choice["text"] += body.suffix or ""
    return JSONResponse(whole)


def _answer(requests: list[Generate], num_choices: int) -> CompletionAnswer:
    answer_id, model = requests[0].request_id, requests[0].model or ""
    opening = [objects.first_chunk(answer_id, model, index) for index in range(num_choices)]
    return CompletionAnswer(answer_id, model, num_choices, objects.chunks_of, opening)


def _card(client: Client, model: str | None) -> ModelCard:
    """Return the card named, else the one in use: the original never looked at the name."""
    try:
        return client.models.get(model, "text") if model else client.card("text")
    except UnknownModelError:
        return client.card("text")


def on_error(error: AppError) -> Response:
    """Return the error with its proper status, as JSON."""
    status = 415 if isinstance(error, NotJsonError) else status_of(error)
    return JSONResponse(convert.error_body(status, str(error)), status, headers_of(error))


GENIUSRISE = Dialect(
    name="Geniusrise",
    page="geniusrise",
    about="The three chat routes of Geniusrise's guide.",
    prefixes=(PREFIX,),
    create_router=create_router,
    on_error=on_error,
)
