"""The composer's switch that says who answers."""

from __future__ import annotations

from typing import Any

from ui.text.composer.switch_state import SwitchChoice, SwitchState
from workers.client import Client
from workers.flows.turns.options import PLAIN, TurnOptions

from .worn import name_of, personas_of

GONE = "was deleted; this chat goes on with what it said"


def persona_state(client: Client, options: TurnOptions, owner: str) -> SwitchState | None:
    """Who answers; one that was deleted stays, as long as nobody chooses another."""
    personas = personas_of(client, owner).personas.all()
    choices = [SwitchChoice(value=one.id, label=one.name, note=one.description) for one in personas]
    label = next((one.name for one in personas if one.id == options.persona), "")
    if not label:
        label = name_of(options)
        gone = SwitchChoice(value=options.persona, label=label, note=GONE, is_offered=False)
        choices.append(gone)
    return SwitchState(
        key="persona",
        label=label,
        icon="person",
        kind="one",
        value=options.persona,
        is_on=options.persona != PLAIN,
        hint="Who answers from now on",
        choices=tuple(choices),
        act="personas",
        act_label="Edit personas …",
    )


def write_persona(options: TurnOptions, value: Any) -> TurnOptions:
    """Choose a persona; what it says is put in when the options are read (`worn`)."""
    return options.model_copy(update={"persona": str(value)})
