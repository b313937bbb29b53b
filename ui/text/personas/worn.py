"""Whose words a chat answers with: its persona as it is now, without what is not here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workers.client import Client
from workers.flows.turns.options import TurnOptions, options_of
from workers.flows.turns.ways import WAYS
from workers.flows.turns.wearing import NAME, up_to_date
from workers.personas.lacking import WhatIsHere, without_missing
from workers.personas.records import Persona
from workers.personas.store import OwnPersonas, PersonaStore


def personas_of(client: Client, owner: str) -> OwnPersonas:
    """Return the personas and presets that a caller of the page sees."""
    return PersonaStore(client.manager.data_dir).of(owner)


def fitted(client: Client, persona: Persona) -> tuple[Persona, tuple[str, ...]]:
    """Return a persona as it can be here, and a sentence for each thing that it does without."""
    ready = client.ready("tts", client.card("tts").id)
    here = WhatIsHere(
        has_model=client.models.has,
        voices=ready.voices if ready is not None and ready.voices else None,
        flows=WAYS,
    )
    return without_missing(persona, here)


def worn(
    client: Client, owner: str, settings: Mapping[str, Any]
) -> tuple[TurnOptions, tuple[str, ...]]:
    """Return a chat's options with its persona as it is now, and what is to be said of that."""
    personas = personas_of(client, owner).personas
    notes: list[str] = []

    def find(persona_id: str) -> Persona | None:
        found = personas.find(persona_id)
        if found is None:
            return None
        persona, lacks = fitted(client, found)
        notes.extend(lacks)
        return persona

    options, gone = up_to_date(options_of(settings), find)
    return options, (gone,) if gone else tuple(notes)


def name_of(options: TurnOptions) -> str:
    """Return what a chat's persona is called."""
    return str(options.persona_said.get(NAME) or options.persona.capitalize())
