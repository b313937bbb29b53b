"""POST /api/create: a model that is here under another name, with words and sampling of its own."""

from __future__ import annotations

from typing import Any

from configs.catalogue import ModelCard
from workers.client import Client
from workers.messages import NO_THOUGHTS
from workers.messages.errors import UnsupportedInputError

from . import names, options
from .objects import Json
from .schemas import CreateBody, Message

REFUSED = {
    "files": "Quintet makes no models from uploaded files.",
    "adapters": "Quintet puts no adapters into models.",
    "quantize": "Quintet does not quantize models; look for one that is.",
    "template": "A model's own template stays; send one with each POST /api/generate.",
}
"""Key → why nothing comes of it."""


def create(client: Client, body: CreateBody) -> list[Json]:
    """Make the model; returns the lines that say so.

    Raises: UnsupportedInputError for what cannot be made; UnknownModelError; WeightsError.
    """
    for key, sentence in REFUSED.items():
        if getattr(body, key):
            raise UnsupportedInputError(sentence, "Leave it out.")
    if not body.source:
        raise UnsupportedInputError(
            "There is no model to make it from.", 'Name one that is here: {"from": "…"}.'
        )
    base = names.find(client.models, body.source)
    changes = _changes(body, base)
    client.manager.derive(base.id, names.new_id(body.model), changes)
    return [
        {"status": f"using existing layer from {names.shown(base)}"},
        {"status": "writing manifest"},
        {"status": "success"},
    ]


def ignored_of(body: CreateBody) -> list[str]:
    """Return the names of keys and parameters that nothing follows."""
    parameters = options.ignored(body.parameters, None)
    return [*(body.model_extra or {}), *(name for name in parameters if name != options.CONTEXT)]


def _changes(body: CreateBody, base: ModelCard) -> dict[str, Any]:
    changes: dict[str, Any] = {"name": names.untagged(body.model)}
    if body.system or body.messages:
        changes["opening"] = _opening(body, base)
    if body.parameters:
        options.sampling_of(body.parameters, base, NO_THOUGHTS)  # refuses what is of the wrong type
        changes["sampling"] = {**base.sampling, **options.card_values(body.parameters)}
    if (tokens := body.parameters.get(options.CONTEXT)) is not None:
        changes["options"] = {**base.options, "context_tokens": tokens}
    if body.license:
        text = body.license if isinstance(body.license, str) else "\n".join(body.license)
        changes["license"] = text[:2000]
    return changes


def _opening(body: CreateBody, base: ModelCard) -> list[dict[str, str]]:
    if base.modality != "text":
        raise UnsupportedInputError(f"{base.name} has no conversations to begin.")
    kept = [{"role": turn.role, "text": turn.text} for turn in base.opening]
    if body.system:
        kept = [turn for turn in kept if turn["role"] != "system"]
        kept = [{"role": "system", "text": body.system}, *kept]
    return [*kept, *(_turn(message) for message in body.messages)]


def _turn(message: Message) -> dict[str, str]:
    if message.images or message.tool_calls:
        raise UnsupportedInputError("A model begins with words only: leave out images and calls.")
    return {"role": message.role.lower(), "text": message.content}
