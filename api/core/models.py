"""The models that can be asked for, as OpenAI lists them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic_core import SchemaError, SchemaValidator, core_schema

from configs.catalogue import ModelCard
from workers.client import Client
from workers.messages.errors import UnsupportedInputError
from workers.messages.standing import standing_of
from workers.models.manager import ModelStatus


def create_models_router(client: Client) -> APIRouter:
    """Return the routes /models and /models/{id}."""
    router = APIRouter()

    @router.get("/models")
    def list_models(
        request: Request,
        filter: str = "",
        exclude_configured: Annotated[bool, Query(alias="excludeConfigured")] = True,
        with_state: bool = False,
    ) -> dict[str, Any]:
        """The models of all modalities; `filter` is a regular expression on their ids.

        `excludeConfigured=false` also names the files of a models folder that they are made of.
        `with_state` also lists models that are not here yet, each with its state, and to an admin
        those that other programs keep on this machine (`found`), by the names under which they are added.
        `warnings`, where there are any, tell of cards that cannot be used.
        """
        is_wanted = _matcher(filter)
        if with_state:
            is_admin = standing_of(request.scope).is_admin
            return _with_states(client, is_wanted, is_admin=is_admin)
        cards = [card for card in client.models.all() if is_wanted(card.id)]
        listed = [model_object(client, card) for card in cards]
        if not exclude_configured:
            files = [name for name in _own_files(client) if is_wanted(name)]
            listed += [{"id": name, "object": "model"} for name in files]
        left_out = client.models.left_out
        return {
            "object": "list",
            "data": listed,
            **({"warnings": list(left_out)} if left_out else {}),
        }

    @router.get("/models/{model_id:path}")
    def show_model(model_id: str) -> dict[str, Any]:
        """One model."""
        return model_object(client, client.models.get(model_id))

    return router


def _matcher(pattern: str) -> Callable[[str], bool]:
    """Return what tells whether a regular expression matches anywhere in a name.

    By pydantic's engine, whose time only grows with the text: with Python's own, one request with a
    pattern made for it would hold the whole process for hours.

    Raises: UnsupportedInputError.
    """
    try:
        validator = SchemaValidator(core_schema.str_schema(pattern=pattern))
    except SchemaError as err:
        raise UnsupportedInputError(
            "The filter is no regular expression, or too large a one.",
            "Write it without look-around and back-references.",
        ) from err
    return validator.isinstance_python


def _with_states(
    client: Client, is_wanted: Callable[[str], bool], *, is_admin: bool
) -> dict[str, Any]:
    """Return all models with their state; to an admin those of other programs too, that nobody has added yet."""
    chosen = [status for status in client.manager.statuses() if is_wanted(status.card.id)]
    found = [
        {**model.as_dict(), "state": "found", "words": f"here, in {model.program}; not added"}
        for model in (client.manager.found() if is_admin else ())
        if is_wanted(model.name)
    ]
    return {
        "object": "list",
        "data": [_with_state(client, status) for status in chosen],
        **({"found": found} if found else {}),
    }


def _own_files(client: Client) -> list[str]:
    """Return the files of the user's own models that are not models by their own name."""
    cards = client.models.all()
    files = {name for card in cards if card.source.startswith("path:") for name in card.files}
    return sorted(files - {card.id for card in cards})


def model_object(client: Client, card: ModelCard) -> dict[str, Any]:
    """Return one model; what OpenAI's object does not know stands beside it."""
    plan = None if card.is_remote else client.plan(card).as_dict()
    return {**_facts(client, card), "plan": plan}


def _with_state(client: Client, status: ModelStatus) -> dict[str, Any]:
    """Return one model with its state, whose plan is the same for all who look now."""
    card = status.card
    return {
        **_facts(client, card),
        "memory_mib": card.memory_mib,
        "download_mib": card.download_mib,
        "license_url": card.license_url,
        "license_restricted": card.license_restricted,
        "recommended": card.recommended,
        "is_old": card.is_old,
        "thinks": card.thinks,
        "state": status.as_dict(),
    }


def _facts(client: Client, card: ModelCard) -> dict[str, Any]:
    return {
        "id": card.id,
        "object": "model",
        "type": "model",
        "created": 0,
        "created_at": "1970-01-01T00:00:00Z",
        "lifecycle": "active",
        "display_name": card.name,
        "owned_by": card.origin,
        "modality": card.modality,
        "license": card.license,
        "context_length": _context_length(client, card),
        "sampling": dict(card.sampling),
        "sampling_thinking": dict(card.sampling_thinking),
        "is_default": client.models.default(card.modality).id == card.id,
    }


def _context_length(client: Client, card: ModelCard) -> int | None:
    """What a conversation may hold here, once the model has said so; before, what it was made for."""
    ready = client.ready(card.modality, card.id)
    return (ready.context_length if ready else card.context_length) or None
