"""From `--persona` to the options of a text model: what a persona says, unless an option says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .options import SamplingFlags, Where
from .output import note

if TYPE_CHECKING:
    from workers.personas.asking import PersonaAsk
    from workers.personas.kept import KeptRecords
    from workers.personas.records import Persona


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaFlags(SamplingFlags):
    """What was given, before what a persona says."""

    said: Mapping[str, Any] = field(default_factory=dict)

    def given(self) -> dict[str, Any]:
        """See `SamplingFlags.given`."""
        return {**self.said, **SamplingFlags.given(self)}


def personas_of(where: Where) -> KeptRecords[Persona]:
    """Return the personas of this machine. Raises: ConfigError."""
    from workers.personas.store import PersonaStore

    from .opening import read_settings

    return PersonaStore(read_settings(where).data_dir).of_machine().personas


def persona_of(name: str, where: Where) -> PersonaAsk:
    """Return what goes with requests; says what the persona does without. Raises: NotFoundError."""
    from workers.flows.turns.ways import WAYS
    from workers.personas.asking import ask_as

    from .opening import read_models

    has_model = None if where.url else read_models(where).has
    asked = ask_as(personas_of(where).get(name), has_model, () if where.url else WAYS)
    for sentence in asked.notes:
        note(sentence)
    return asked


def dressed(flags: SamplingFlags, persona: str, where: Where) -> SamplingFlags:
    """Return the options with what a persona says; "": as they are. Raises: NotFoundError, ConfigError."""
    if not persona:
        return flags
    asked = persona_of(persona, where)
    given = {
        name: getattr(flags, name) for name in ("temperature", "max_tokens", "seed", "timeout")
    }
    return PersonaFlags(
        **given,
        system=flags.system or asked.system,
        model=flags.model or asked.model,
        said=said_by(asked),
    )


def said_by(asked: PersonaAsk) -> dict[str, Any]:
    """Return a persona's sampling, thinking and flow as the library takes them, and another Quintet."""
    thinking = {} if asked.thinking is None else {"thinking": asked.thinking}
    flow = {"flow": asked.flow, "collections": asked.collections} if asked.flow else {}
    return {**asked.sampling, **thinking, **flow}
