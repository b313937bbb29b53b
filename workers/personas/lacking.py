"""What a persona names that is not here: it works without, and says so. Pure."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass

from .records import DIRECT, Persona


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIsHere:
    """What can be named at a door; None: that door does not know, and nothing is left out."""

    has_model: Callable[[str], bool] | None = None
    voices: Container[str] | None = None
    tools: Container[str] | None = None
    collections: Container[str] | None = None
    flows: Container[str] | None = None


def without_missing(persona: Persona, here: WhatIsHere) -> tuple[Persona, tuple[str, ...]]:
    """Return the persona as it can be here, and a sentence for each thing that it does without."""
    changes: dict[str, object] = {}
    notes: list[str] = []
    if persona.model and here.has_model is not None and not here.has_model(persona.model):
        changes["model"] = None
        notes.append(f"The model {persona.model} is not here: the model in use answers.")
    if persona.voice and _lacks(here.voices, persona.voice):
        changes["voice"] = None
        notes.append(f"The voice {persona.voice} is not here: the voice in use reads.")
    if persona.flow != DIRECT and _lacks(here.flows, persona.flow):
        changes["flow"] = DIRECT
        notes.append(f"The flow {persona.flow} is not here: the model answers directly.")
    for field, what, known in (
        ("tools", "tool", here.tools),
        ("collections", "collection", here.collections),
    ):
        named: tuple[str, ...] = getattr(persona, field)
        missing = [name for name in named if _lacks(known, name)]
        if missing:
            changes[field] = tuple(name for name in named if name not in missing)
            one = len(missing) == 1
            notes.append(
                f"The {what}{'' if one else 's'} {', '.join(missing)} "
                f"{'is' if one else 'are'} not here: {persona.name} works without."
            )
    return persona.model_copy(update=changes), tuple(notes)


def _lacks(known: Container[str] | None, name: str) -> bool:
    return known is not None and name not in known
