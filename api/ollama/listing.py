"""Which models there are, which are in memory, and what one of them is."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any

import fastapi
from fastapi import APIRouter

from configs.catalogue import ModelCard
from configs.settings import Settings
from workers.client import CPU, Client, WorkerStatus
from workers.models.lookup import Models
from workers.templates.conversation import inserts

from . import facts, names
from .bodies import AnyTypeRoute
from .facts import MIB, Json
from .objects import never, timestamp
from .schemas import ShowBody

AWAKE = ("ready", "busy")
COPILOT = "GitHubCopilotChat/"
"""What the name of VS Code's client begins with; it shows people `general.basename`."""
PADDED = 30
"""Columns of a parameter's name."""


def create_listing_router(client: Client, settings: Settings) -> APIRouter:
    """Return the routes /api/tags, /api/ps and /api/show."""
    router = APIRouter(prefix="/api", route_class=AnyTypeRoute)
    data_dir = settings.data_dir

    @router.get("/tags")
    def tags() -> dict[str, Any]:
        """The models that are here and answer, or make vectors."""
        cards = [card for card in listed(client.models) if client.manager.state(card).is_ready]
        return {"models": [_entry(client, card, data_dir) for card in cards]}

    @router.get("/ps")
    def running() -> dict[str, Any]:
        """The models in memory, those that stay longest first."""
        return {"models": [_awake_entry(client, worker, data_dir) for worker in awake(client)]}

    @router.post("/show")
    def show(body: ShowBody, connection: fastapi.Request) -> dict[str, Any]:
        """What one model is: its capabilities, defaults, format and metadata."""
        card = names.find(client.models, body.model)
        files = facts.files_of(card, data_dir)
        found = description(client, card, files, verbose=body.verbose)
        if connection.headers.get("user-agent", "").startswith(COPILOT):
            found["model_info"]["general.basename"] = body.model
        return found

    return router


def listed(models: Models) -> list[ModelCard]:
    """Return the cards that Ollama's clients can use."""
    return [card for card in models.all() if names.is_listed(card)]


def _entry(client: Client, card: ModelCard, data_dir: Path) -> Json:
    return {**facts.entry(client, card, data_dir), "capabilities": capabilities(client, card)}


def awake(client: Client) -> list[WorkerStatus]:
    """Return the workers with a model in memory that Ollama's clients can use, the longest-lived first.

    Without those whose model lives in another's process.
    """
    found = [
        worker
        for worker in client.status().workers
        if worker.state in AWAKE
        and worker.together_with is None
        and names.is_listed(client.models.get(worker.model_id))
    ]
    return sorted(found, key=lambda worker: worker.leaves_at or math.inf, reverse=True)


def _awake_entry(client: Client, worker: WorkerStatus, data_dir: Path) -> Json:
    card = client.models.get(worker.model_id)
    return {**facts.entry(client, card, data_dir), **in_memory(client, worker)}


def in_memory(client: Client, worker: WorkerStatus) -> Json:
    """Return what is known of a model only while it is in memory."""
    allocation = client.status().memory.allocations.get(worker.modality)
    held = {CPU: worker.resident_mib}
    if allocation is not None:
        held = {device: allocation.reserved_mib(device) for device in allocation.devices}
    ready = client.ready(worker.modality, worker.model_id)
    left_s = None if worker.leaves_at is None else worker.leaves_at - time.monotonic()
    return {
        "size": sum(held.values()) * MIB,
        "size_vram": sum(mib for device, mib in held.items() if device != CPU) * MIB,
        "expires_at": never() if left_s is None else timestamp(time.time() + left_s),
        "context_length": ready.context_length if ready else 0,
    }


def capabilities(client: Client, card: ModelCard) -> list[str]:
    """Return what a model can do, by its card and, once it is in memory, by its engine."""
    if card.modality == "rag":
        return ["embedding"]
    if card.modality == "vision":
        return ["completion", "vision"]
    ready = client.ready("text", card.id)
    thinks = "thinks" in ready.capabilities if ready else card.thinks in ("on", "off")
    can = {
        "completion": True,
        "tools": True,
        "insert": inserts(card.templates),
        "vision": card.sees,
        "thinking": thinks,
    }
    return [name for name, is_there in can.items() if is_there]


def description(
    client: Client, card: ModelCard, files: facts.LocatedWeights, *, verbose: bool
) -> Json:
    """Return the answer of /api/show."""
    ready = client.ready(card.modality, card.id)
    context_length = ready.context_length if ready else card.context_length
    template = facts.chat_template(files)
    system = next((turn.text for turn in card.opening if turn.role == "system"), "")
    parameters = _parameters(card, context_length)
    optional = {
        "system": system,
        "messages": [
            {"role": turn.role, "content": turn.text}
            for turn in card.opening
            if turn.role != "system"
        ],
    }
    return {
        "modelfile": _modelfile(card, template, system, parameters),
        "parameters": "\n".join(f"{name:<{PADDED}} {value}" for name, value in parameters),
        "template": template,
        "license": " ".join(filter(None, (card.license, card.license_url))),
        **{name: value for name, value in optional.items() if value},
        "details": facts.details(files),
        "model_info": facts.metadata(files, context_length, verbose=verbose),
        "capabilities": capabilities(client, card),
        "modified_at": facts.modified_at(files),
    }


def _parameters(card: ModelCard, context_length: int) -> list[tuple[str, str]]:
    """Return the defaults of a model, a pair for each value, in Ollama's words."""
    found: list[tuple[str, str]] = []
    if context_length and card.modality != "rag":
        found.append(("num_ctx", str(context_length)))
    for name, value in card.sampling.items():
        values = value if isinstance(value, (list, tuple)) else [value]
        called = "num_predict" if name == "max_tokens" else name
        found += [(called, json.dumps(one, ensure_ascii=False)) for one in values]
    return found


def _modelfile(
    card: ModelCard, template: str, system: str, parameters: list[tuple[str, str]]
) -> str:
    lines = [f"FROM {card.base or names.shown(card)}"]
    lines += [f'TEMPLATE """{template}"""'] if template else []
    lines += [f'SYSTEM """{system}"""'] if system else []
    lines += [f"PARAMETER {name} {value}" for name, value in parameters]
    lines += [f"MESSAGE {t.role} {t.text}" for t in card.opening if t.role != "system"]
    return "\n".join(lines) + "\n"
