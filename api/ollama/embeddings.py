"""Ollama's two routes for vectors."""

from __future__ import annotations

import array
import asyncio
import math
import time
from dataclasses import replace

import fastapi
from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from api.core.embeddings import FLOAT_BYTES, EmbeddingRequest, to_embed
from api.core.stream import collect
from configs.catalogue import ModelCard
from workers.client import Client
from workers.messages import Embedded, Event, Started
from workers.messages.folds import end_of

from . import names, options
from .answering import hold, ignored_header
from .bodies import AnyTypeRoute
from .durations import seconds_of
from .objects import Json, ns
from .schemas import EmbedBody, EmbeddingsBody

CUT = "X-Quintet-Cut"
"""Header with how many texts were longer than the model reads."""


def create_embeddings_router(client: Client) -> APIRouter:
    """Return the routes /api/embed and /api/embeddings."""
    router = APIRouter(prefix="/api", route_class=AnyTypeRoute)

    @router.post("/embed")
    async def embed(body: EmbedBody, connection: fastapi.Request) -> Response:
        """Turn texts into vectors of length 1; without any, only load the model."""
        started = time.monotonic()
        card = names.find(client.models, body.model, "rag")
        keep_s = seconds_of(body.keep_alive)
        if not body.input:
            await hold(client, card, keep_s, connection)
            return JSONResponse({"model": body.model, "embeddings": []})
        request = to_embed(EmbeddingRequest(input=body.input), card.id)
        request = replace(request, keep_s=keep_s, may_cut=body.truncate)
        events = await collect(client, request, connection)
        embedded = _embedded(events)
        # A thousand vectors are a megabyte of digits: not on the event loop.
        vectors = await asyncio.to_thread(_vectors, embedded, body.dimensions)
        return JSONResponse(
            {"model": body.model, "embeddings": vectors, **_costs(events, started)},
            headers=_headers(body, card, client, embedded.num_cut),
        )

    @router.post("/embeddings")
    async def embed_one(body: EmbeddingsBody, connection: fastapi.Request) -> Response:
        """Turn one text into a vector: the older route. One that is too long is refused."""
        card = names.find(client.models, body.model, "rag")
        keep_s = seconds_of(body.keep_alive)
        if not body.prompt:
            await hold(client, card, keep_s, connection)
            return JSONResponse({"embedding": []})
        request = to_embed(EmbeddingRequest(input=body.prompt), card.id)
        request = replace(request, keep_s=keep_s, may_cut=False)
        embedded = _embedded(await collect(client, request, connection))
        vector = _vectors(embedded, None)[0]
        return JSONResponse({"embedding": vector}, headers=_headers(body, card, client, 0))

    return router


def _embedded(events: tuple[Event, ...]) -> Embedded:
    return next(event for event in events if isinstance(event, Embedded))


def _vectors(embedded: Embedded, dimensions: int | None) -> list[list[float]]:
    """Return the vectors, of fewer numbers if that is asked for; each then has the length 1 again."""
    row_bytes = embedded.dim * FLOAT_BYTES
    starts = range(0, len(embedded.vectors), row_bytes)
    rows = [array.array("f", embedded.vectors[start : start + row_bytes]) for start in starts]
    if dimensions is None or dimensions >= embedded.dim:
        return [row.tolist() for row in rows]
    return [_shortened(row[:dimensions]) for row in rows]


def _shortened(row: array.array[float]) -> list[float]:
    length = math.sqrt(math.fsum(value * value for value in row)) or 1.0
    return [value / length for value in row]


def _costs(events: tuple[Event, ...], started: float) -> Json:
    loads = [event.load_s for event in events if isinstance(event, Started)]
    usage = end_of(events).usage
    return {
        "total_duration": ns(time.monotonic() - started),
        "load_duration": ns(sum(loads)),
        "prompt_eval_count": usage.prompt_tokens or _embedded(events).num_tokens,
    }


def _headers(
    body: EmbedBody | EmbeddingsBody, card: ModelCard, client: Client, num_cut: int
) -> dict[str, str]:
    """Name what is not followed: of the options only the length of the context can be."""
    ready = client.ready("rag", card.id)
    context = {name: value for name, value in body.options.items() if name == options.CONTEXT}
    unmet = options.ignored(context, ready.context_length if ready else None)
    others = [name for name in body.options if name != options.CONTEXT]
    headers = ignored_header([*(body.model_extra or {}), *unmet, *others])
    return {**headers, **({CUT: str(num_cut)} if num_cut else {})}
