"""The models that can be asked for, as OpenAI lists them."""

from __future__ import annotations

import re
from typing import Any

from fastapi import APIRouter

from configs.catalogue import ModelCard
from workers.client import Client
from workers.errors import UnsupportedInputError


def create_models_router(client: Client) -> APIRouter:
    """Return the routes /models and /models/{id}."""
    router = APIRouter()

    @router.get("/models")
    def list_models(filter: str = "") -> dict[str, Any]:
        """The models of all modalities; `filter` is a regular expression on their ids."""
        try:
            wanted = re.compile(filter)
        except re.error as err:
            raise UnsupportedInputError(f"The filter is no regular expression: {err}.") from err
        cards = [card for card in client.models.all() if wanted.search(card.id)]
        return {"object": "list", "data": [model_object(client, card) for card in cards]}

    @router.get("/models/{model_id:path}")
    def show_model(model_id: str) -> dict[str, Any]:
        """One model."""
        return model_object(client, client.models.get(model_id))

    return router


def model_object(client: Client, card: ModelCard) -> dict[str, Any]:
    """Return one model; what OpenAI's object does not know stands beside it."""
    return {
        "id": card.id,
        "object": "model",
        "created": 0,
        "owned_by": card.origin,
        "name": card.name,
        "modality": card.modality,
        "license": card.license,
        "context_length": card.context_length or None,
        "memory_mib": card.memory_mib,
        "is_default": client.models.default(card.modality).id == card.id,
    }
