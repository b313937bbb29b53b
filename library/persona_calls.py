"""The personas that a script can ask as."""

from __future__ import annotations

from collections.abc import Container

from workers.client import Client
from workers.personas.asking import PersonaAsk, ask_as
from workers.personas.records import Persona
from workers.personas.store import PersonaStore

NOBODY = PersonaAsk(sampling={})


def persona_ask(client: Client, persona: Persona | str | None, flows: Container[str]) -> PersonaAsk:
    """Return what goes with a request that is asked as somebody; `flows`: those that it can have.

    Raises: NotFoundError for an id that is none.
    """
    if persona is None:
        return NOBODY
    if isinstance(persona, str):
        persona = PersonaStore(client.manager.data_dir).of_machine().personas.get(persona)
    return ask_as(persona, client.models.has, flows)
