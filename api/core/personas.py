"""Personas over HTTP: a list of them, and `"model": "persona/coder"` in place of a model.

A persona is no model: it fills in what a body leaves out, and the answer names the model that gave it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import fastapi
from fastapi import APIRouter

from api.core.thinking import thinking_of
from workers.client import Client
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
        if body.model is None or not body.model.startswith(PREFIX):
            return body, {}
        persona = self.seen_by(connection).get(body.model.removeprefix(PREFIX))
        asked = ask_as(persona, self.client.models.has)
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
    update["model"] = asked.model
    if asked.system and not any(turn.role.lower() in SYSTEM_ROLES for turn in body.messages):
        update["messages"] = [Message(role="system", content=asked.system), *body.messages]
    if asked.thinking is not None and thinking_of(body).is_on is None:
        update["enable_thinking"] = asked.thinking
    return body.model_copy(update=update)


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
