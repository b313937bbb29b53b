"""OpenAI's embeddings: convert, submit, answer."""

from __future__ import annotations

import asyncio
import base64
import struct
import time
from typing import Any, Literal

import fastapi
from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from workers.client import Client
from workers.messages import Embed, Embedded
from workers.messages.errors import UnsupportedInputError

from .stream import collect

FLOAT_BYTES = 4
MAX_INPUTS = 2048
"""As at OpenAI."""


class EmbeddingRequest(BaseModel):
    """POST /v1/embeddings."""

    model: str | None = None
    input: str | list[str] | list[int] | list[list[int]]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None


def create_embeddings_router(client: Client) -> APIRouter:
    """Return the route /embeddings."""
    router = APIRouter()

    @router.post("/embeddings")
    async def embed(body: EmbeddingRequest, connection: fastapi.Request) -> Response:
        """Turn texts into vectors of length 1."""
        card = client.models.get(body.model, "rag") if body.model else client.card("rag")
        events = await collect(client, to_embed(body, card.id), connection)
        embedded = next(event for event in events if isinstance(event, Embedded))
        if body.dimensions not in (None, embedded.dim):
            raise UnsupportedInputError(
                f"{card.name} writes vectors of {embedded.dim} numbers and cannot shorten them "
                f"to {body.dimensions}.",
                "Leave out dimensions.",
            )
        # A thousand vectors are a megabyte of digits: not on the event loop.
        return await asyncio.to_thread(_answer, embedded, card.id, body.encoding_format)

    return router


def to_embed(body: EmbeddingRequest, model: str) -> Embed:
    """Return the request. Raises: UnsupportedInputError for nothing, token ids or empty texts."""
    inputs = [body.input] if isinstance(body.input, str) else body.input
    texts = tuple(item for item in inputs if isinstance(item, str))
    if len(texts) < len(inputs):
        raise UnsupportedInputError(
            "The input holds token ids, and these differ from model to model.",
            "Send the text itself.",
        )
    if not 1 <= len(texts) <= MAX_INPUTS:
        raise UnsupportedInputError(
            f"The input holds {len(texts)} texts; 1 to {MAX_INPUTS} can be embedded at once."
        )
    if "" in texts:
        raise UnsupportedInputError(
            f"Text {texts.index('')} of the input is empty.", "Leave it out: it has no meaning."
        )
    return Embed(texts=texts, model=model)


def embedding_list(embedded: Embedded, model: str, encoding: str) -> dict[str, Any]:
    """Return the vectors as a list; base64 is little-endian float32, as the engine gives it.

    LocalAI's answers have an id and a date, too.
    """
    row_bytes = embedded.dim * FLOAT_BYTES
    data = []
    for index, start in enumerate(range(0, len(embedded.vectors), row_bytes)):
        row = embedded.vectors[start : start + row_bytes]
        vector: object = base64.b64encode(row).decode()
        if encoding == "float":
            vector = struct.unpack(f"<{embedded.dim}f", row)
        data.append({"object": "embedding", "index": index, "embedding": vector})
    tokens = embedded.num_tokens
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    frame = {"object": "list", "id": embedded.request_id, "created": int(time.time())}
    return {**frame, "data": data, "model": model, "usage": usage}


def _answer(embedded: Embedded, model: str, encoding: str) -> Response:
    return JSONResponse(embedding_list(embedded, model, encoding))
