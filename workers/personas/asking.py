"""A persona at a door that keeps no chats: what of it goes with one request. Pure."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any

from .lacking import WhatIsHere, without_missing
from .records import DIRECT, Persona


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaAsk:
    """What a request takes over; what it says itself counts before it."""

    system: str = ""
    model: str | None = None
    sampling: Mapping[str, Any]
    thinking: bool | None = None
    flow: str | None = None
    """None: one model answers."""
    collections: tuple[str, ...] = ()
    """What its flow answers from."""
    notes: tuple[str, ...] = ()
    """A sentence for each thing that the persona does without here."""


def ask_as(
    persona: Persona, has_model: Callable[[str], bool] | None, flows: Container[str] = ()
) -> PersonaAsk:
    """Return what of a persona goes with a request; tools, and documents without a flow, belong to chats.

    `has_model`: None where another program knows its models; `flows`: those that this request can have.
    """
    has_flow = persona.flow != DIRECT and persona.flow in flows
    documents = None if has_flow else ()
    here = WhatIsHere(has_model=has_model, tools=(), collections=documents, flows=flows)
    fitted, notes = without_missing(persona, here)
    return PersonaAsk(
        system=fitted.system,
        model=fitted.model,
        sampling=fitted.sampling,
        thinking=fitted.thinking,
        flow=fitted.flow if has_flow else None,
        collections=fitted.collections,
        notes=notes,
    )
