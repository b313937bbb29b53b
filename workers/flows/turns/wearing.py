"""How a persona becomes a chat's options. Pure.

Whoever spoke last counts: what a persona says, from the moment it is chosen; what the chat's own switches
said after that. A chat keeps what its persona said beside what it makes of it, so that its own changes are
known from it, and so that it goes on when the persona is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from workers.personas.records import DIRECT, Persona

from .options import PLAIN, TurnOptions

OF_PERSONA = ("persona", "persona_said")
"""Fields that are no wishes, but say whose they are."""
ID, NAME = "id", "name"
"""In `persona_said`: whose words these are."""
GONE = "The persona {name} was deleted; this chat goes on with what it said."


def chosen(options: TurnOptions, persona: Persona) -> TurnOptions:
    """Return the options of a chat that answers as this persona from now on.

    What it says nothing of stays as the chat's own switches have it; what the one before it said goes.
    """
    says = said_by(persona)
    return _with(persona, says, _merged(own_changes(options), says))


def renewed(options: TurnOptions, persona: Persona) -> TurnOptions:
    """Return the options of a chat whose persona may have been changed; the chat's own changes stay."""
    says = said_by(persona)
    if says == options.persona_said:
        return options
    return _with(persona, says, _merged(says, own_changes(options)))


def up_to_date(
    options: TurnOptions, find: Callable[[str], Persona | None]
) -> tuple[TurnOptions, str]:
    """Return the options with what `persona` names, as it is now; and a sentence if that is gone, else "".

    Whoever changes `persona` alone chooses another one so.
    """
    persona = find(options.persona)
    if persona is None:
        name = options.persona_said.get(NAME)
        return options, GONE.format(name=name or options.persona)
    before = options.persona_said.get(ID, PLAIN)  # who has said nothing is plain
    return (renewed if before == persona.id else chosen)(options, persona), ""


def said_by(persona: Persona) -> dict[str, Any]:
    """Return what a persona says of `TurnOptions`, as JSON, and who it is."""
    said = {
        "model": persona.model,
        "voice": persona.voice,
        "sampling": dict(persona.sampling),
        "tools": list(persona.tools),
        "collections": list(persona.collections),
        "is_thinking": persona.thinking,
        "flow": None if persona.flow == DIRECT else persona.flow,
    }
    wishes = {name: value for name, value in said.items() if value not in (None, {}, [])}
    return {ID: persona.id, NAME: persona.name, "system": persona.system, **wishes}


def own_changes(options: TurnOptions) -> dict[str, Any]:
    """Return the fields that a chat's own switches say, in JSON; of sampling, the values that were changed.

    A value of sampling that was taken back is None: the model's own.
    """
    before = {**TurnOptions().model_dump(mode="json"), **options.persona_said}
    now = options.model_dump(mode="json", exclude=set(OF_PERSONA))
    own = {name: value for name, value in now.items() if value != before[name]}
    if "sampling" in own:
        old, new = before["sampling"], now["sampling"]
        values = {**dict.fromkeys(old), **new}
        own["sampling"] = {name: value for name, value in values.items() if value != old.get(name)}
    return own


def _merged(first: Mapping[str, Any], last: Mapping[str, Any]) -> dict[str, Any]:
    """Return both; the last counts, of sampling for each value alone."""
    sampling = {**first.get("sampling", {}), **last.get("sampling", {})}
    return {**first, **last, "sampling": sampling}


def _with(persona: Persona, says: Mapping[str, Any], wishes: Mapping[str, Any]) -> TurnOptions:
    return TurnOptions.model_validate({**wishes, "persona": persona.id, "persona_said": dict(says)})
