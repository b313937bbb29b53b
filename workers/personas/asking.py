"""A persona at a door that keeps no chats: what of it goes with one request. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .lacking import WhatIsHere, without_missing
from .records import Persona


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaAsk:
    """What a request takes over; what it says itself counts before it."""

    system: str = ""
    model: str | None = None
    sampling: Mapping[str, Any]
    thinking: bool | None = None
    notes: tuple[str, ...] = ()
    """A sentence for each thing that the persona does without here."""


def ask_as(persona: Persona, has_model: Callable[[str], bool] | None) -> PersonaAsk:
    """Return what of a persona goes with a request; tools, documents and flows belong to chats.

    `has_model`: None where another program knows its models.
    """
    here = WhatIsHere(has_model=has_model, tools=(), collections=(), flows=())
    fitted, notes = without_missing(persona, here)
    return PersonaAsk(
        system=fitted.system,
        model=fitted.model,
        sampling=fitted.sampling,
        thinking=fitted.thinking,
        notes=notes,
    )
