"""Personas over HTTP: a list of them, and `"model": "persona/coder"` in place of a model, or `quintet.persona`.

A persona is no model: it fills in what a body leaves out, and the answer names the model that gave it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import fastapi
from fastapi import APIRouter

from api.core.flows import FlowWish, named_flow
from api.core.thinking import thinking_of
from workers.client import Client
from workers.flows.turns.ways import WAYS
from workers.personas.asking import PersonaAsk, ask_as
from workers.personas.kept import KeptRecords
from workers.personas.records import Persona
from workers.personas.store import PersonaStore

from .completions.schemas import ChatRequest, Message

PREFIX = "persona/"
"""Of a persona's id where a model's is expected."""
SYSTEM_ROLES = ("system", "developer")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class HttpPersonas:
    """The personas that callers of this server can ask."""

    client: Client

    def seen_by(self, connection: fastapi.Request) -> KeptRecords[Persona]:
        """Return a caller's: his own where a login or a key says who he is, beside everybody's."""
        store = PersonaStore(self.client.manager.data_dir)
        identity = connection.scope.get("state", {}).get("identity")
        name = getattr(identity, "name", "anyone")
        return (store.of_machine() if name == "anyone" else store.of(f"user:{name}")).personas

    def applied(self, body: ChatRequest, connection: fastapi.Request) -> tuple[ChatRequest, Json]:
        """Return the body with what its persona says, and what the answer says of that ({} without one).

        Raises: NotFoundError.
        """
        wanted = _wanted(body)
        if wanted is None:
            return body, {}
        persona = self.seen_by(connection).get(wanted)
        is_bound = bool(body.tools or body.functions or body.response_format or body.n > 1)
        asked = ask_as(persona, self.client.models.has, () if is_bound else WAYS)
        said = {"persona": persona.id, **({"notes": list(asked.notes)} if asked.notes else {})}
        return with_persona(body, asked), {"quintet": said}


def with_persona(body: ChatRequest, asked: PersonaAsk) -> ChatRequest:
    """Return a body with what a persona says where it says nothing itself. Pure."""
    values = dict(asked.sampling)
    if "logit_bias" in values:
        values["logit_bias"] = dict(values["logit_bias"])
    if "num_logprobs" in values:
        values["top_logprobs"] = values.pop("num_logprobs")
    update: Json = {name: value for name, value in values.items() if getattr(body, name) is None}
    update |= _who(body, asked)
    if asked.system and not any(turn.role.lower() in SYSTEM_ROLES for turn in body.messages):
        update["messages"] = [Message(role="system", content=asked.system), *body.messages]
    if asked.thinking is not None and thinking_of(body).is_on is None:
        update["enable_thinking"] = asked.thinking
    return body.model_copy(update=update)


def _wanted(body: ChatRequest) -> str | None:
    """Return the id of the persona that a body asks; None: it asks a model."""
    if body.model is not None and body.model.startswith(PREFIX):
        return body.model.removeprefix(PREFIX)
    return body.quintet.persona if body.quintet else None


def _who(body: ChatRequest, asked: PersonaAsk) -> Json:
    """Return the model and the flow: the body's own, else the persona's."""
    wish = body.quintet or FlowWish()
    named = None if body.model is None or body.model.startswith(PREFIX) else body.model
    is_flow = named_flow(named) is not None
    wishes: Json = {"persona": None}
    if is_flow:
        wishes["model"] = wish.model or asked.model
    elif asked.flow and wish.flow is None:
        wishes |= {"flow": asked.flow, "collections": wish.collections or [*asked.collections]}
    return {"model": named or asked.model, "quintet": wish.model_copy(update=wishes)}


def create_personas_router(client: Client) -> APIRouter:
    """Return the routes /personas and /personas/{id}."""
    router = APIRouter()
    personas = HttpPersonas(client)

    @router.get("/personas")
    def list_personas(connection: fastapi.Request) -> Json:
        """Who can be asked: send `id` as the `model` of a chat.

        Those of the page belong to a browser, or to who is logged in; a caller sees his login's.
        """
        kept = personas.seen_by(connection)
        left_out = kept.left_out
        return {
            "object": "list",
            "data": [_object(persona) for persona in kept.all()],
            **({"warnings": list(left_out)} if left_out else {}),
        }

    @router.get("/personas/{persona_id}")
    def show_persona(persona_id: str, connection: fastapi.Request) -> Json:
        """One persona."""
        return _object(personas.seen_by(connection).get(persona_id))

    return router


def _object(persona: Persona) -> Json:
    said = persona.model_dump(mode="json")
    return {
        "id": f"{PREFIX}{persona.id}",
        "object": "persona",
        "origin": persona.origin,
        **said,
    }
