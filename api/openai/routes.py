"""OpenAI's routes, one router per resource. Nothing below knows who asked."""

from __future__ import annotations

from fastapi import APIRouter

from api.core.audio.routes import create_audio_router
from api.core.completions.errors import error_response
from api.core.completions.routes import create_chat_router
from api.core.dialect import Dialect
from api.core.embeddings import create_embeddings_router
from api.core.managing import create_managing_router
from api.core.models import create_models_router
from api.core.personas import create_personas_router
from configs.settings import Settings
from workers.client import Client

from .rerank import create_rerank_router


def create_router(client: Client, settings: Settings) -> APIRouter:
    """Return the routes under /v1."""
    router = APIRouter(prefix="/v1")
    router.include_router(create_managing_router(client))
    router.include_router(create_models_router(client))
    router.include_router(create_personas_router(client))
    router.include_router(create_chat_router(client, settings))
    router.include_router(create_audio_router(client, settings))
    router.include_router(create_embeddings_router(client))
    router.include_router(create_rerank_router(client))
    return router


OPENAI = Dialect(
    name="OpenAI",
    page="openai",
    about="Chat, text, speech, embeddings, rerank, models, for OpenAI's clients.",
    prefixes=("",),
    create_router=create_router,
    on_error=error_response,
)
