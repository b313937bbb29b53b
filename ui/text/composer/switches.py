"""The composer's switches: the one table that a new one enters. Each writes fields of `TurnOptions`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ui.text.attached.collections_switch import documents_state, write_documents
from ui.text.flows import flow_switches as flow
from ui.text.personas.persona_switch import persona_state, write_persona
from ui.text.tools.tools_switch import format_state, tools_state, write_format, write_tools
from workers.client import Client
from workers.flows.turns.options import TurnOptions

from .switch_state import SwitchState


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposerSwitch:
    """One switch."""

    key: str
    state: Callable[[Client, TurnOptions, str], SwitchState | None]
    """`(client, options, owner)` → how it stands; None: there is nothing to switch here."""
    write: Callable[[TurnOptions, Any], TurnOptions]
    """Returns the options with what was chosen. Raises: UnsupportedInputError."""


def think_state(client: Client, options: TurnOptions, owner: str) -> SwitchState | None:
    """A thought before the answer; a model that cannot think has no such switch."""
    card = client.card("text")
    if card.thinks == "never":
        return None
    is_on = card.thinks == "on" if options.is_thinking is None else options.is_thinking
    return SwitchState(
        key="think",
        label="Think",
        icon="think",
        kind="toggle",
        value=is_on,
        is_on=is_on,
        hint=f"{card.name} thinks before it answers: slower, and better at hard questions",
    )


def write_think(options: TurnOptions, value: Any) -> TurnOptions:
    """Say whether the model thinks."""
    return options.model_copy(update={"is_thinking": bool(value)})


SWITCHES: Sequence[ComposerSwitch] = (
    ComposerSwitch(key="persona", state=persona_state, write=write_persona),
    ComposerSwitch(key="collections", state=documents_state, write=write_documents),
    ComposerSwitch(key="tools", state=tools_state, write=write_tools),
    ComposerSwitch(key="flow", state=flow.flow_state, write=flow.write_flow),
    ComposerSwitch(key="second", state=flow.second_state, write=flow.write_second),
    ComposerSwitch(key="style", state=flow.style_state, write=flow.write_style),
    ComposerSwitch(key="format", state=format_state, write=write_format),
    ComposerSwitch(key="think", state=think_state, write=write_think),
)
"""From left to right."""
BY_KEY: Mapping[str, ComposerSwitch] = {switch.key: switch for switch in SWITCHES}


def states_of(client: Client, options: TurnOptions, owner: str) -> tuple[SwitchState, ...]:
    """Return how all switches stand."""
    states = (switch.state(client, options, owner) for switch in SWITCHES)
    return tuple(state for state in states if state is not None)
