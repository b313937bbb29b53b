"""Routes of OpenAI's that Quintet does not have: each 404 says what to do instead.

Mounted after every other dialect, since it answers to anything under /v1.
"""

from __future__ import annotations

import fastapi
from fastapi import APIRouter, WebSocket

from api.core.completions.errors import error_response
from workers.messages.errors import NotFoundError

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
STATELESS = "Quintet keeps no conversations: send their messages with POST /v1/chat/completions."
SPEECH = (
    "Quintet has no realtime sessions: speech goes in through POST /v1/audio/transcriptions "
    "and comes out of POST /v1/audio/speech, both streamed."
)
TRAINING = "Quintet trains no models: it runs weights that you bring, one card each."
INSTEAD = {
    "images": "Quintet draws no pictures; it reads them: send one with POST /v1/chat/completions.",
    "videos": "Quintet makes no videos; it writes down their speech: POST /v1/audio/transcriptions.",
    "moderations": "Quintet has no moderation model: ask one of your own in "
    "POST /v1/chat/completions.",
    "fine_tuning": TRAINING,
    "fine-tunes": TRAINING,
    "evals": "Quintet grades no answers: send your cases to POST /v1/chat/completions.",
    "files": "Quintet keeps no files: send each with the request that needs it.",
    "uploads": "Quintet keeps no files: send each with the request that needs it.",
    "batches": "Quintet runs no batches: send the requests at once, and they wait their turn.",
    "assistants": STATELESS,
    "threads": STATELESS,
    "conversations": STATELESS,
    "vector_stores": "Quintet keeps documents in collections of its own, on the page under RAG; "
    "vectors come from POST /v1/embeddings, an order from POST /v1/rerank.",
    "realtime": SPEECH,
}
"""The first part of the path under /v1 → a sentence."""


def sentence_for(method: str, path: str) -> str:
    """Return what to say about a path under /v1 that has no route."""
    known = INSTEAD.get(path.partition("/")[0])
    return known or f"There is no {method} /v1/{path}; GET /docs shows the routes that there are."


def create_unsupported_router() -> APIRouter:
    """Return one route for all the others."""
    router = APIRouter(prefix="/v1")

    @router.api_route("/{path:path}", methods=METHODS, include_in_schema=False)
    async def unsupported(path: str, connection: fastapi.Request) -> None:
        """Say what there is instead."""
        raise NotFoundError(sentence_for(connection.method, path))

    @router.websocket("/realtime")
    async def realtime(socket: WebSocket) -> None:
        """Refuse the session with a sentence instead of a bare status."""
        await socket.send_denial_response(error_response(NotFoundError(SPEECH)))

    return router
