"""What a persona can name here: the composer's own choices, so that the editor offers what a chat does."""

from __future__ import annotations

from ui.text.attached.collections_switch import LOOKING
from ui.text.composer.switches import states_of
from ui.text.tools.tools_switch import LOOKING as LOOKING_FOR_TOOLS
from workers.client import Client
from workers.flows.turns.options import TurnOptions
from workers.flows.turns.ways import WAYS
from workers.personas.records import DIRECT

from .persona_form import Choices


def choices_for(client: Client, options: TurnOptions, owner: str) -> dict[str, Choices | None]:
    """Return (value, words) of what can be chosen, by the fields of a persona; None: nobody has looked."""
    ready = client.ready("tts", client.card("tts").id)
    nothing_chosen = options.model_copy(update={"tools": (), "collections": ()})
    states = {state.key: state for state in states_of(client, nothing_chosen, owner)}
    switched = {
        key: tuple((one.value, one.label) for one in state.choices if one.is_offered)
        for key, state in states.items()
    }
    unknown = [key for key, state in states.items() if state.hint in (LOOKING, LOOKING_FOR_TOOLS)]
    flows = tuple((name, "Direct" if name == DIRECT else name.capitalize()) for name in WAYS)
    return {
        "model": tuple((card.id, card.name) for card in client.models.all("text")),
        "voice": tuple((voice, voice) for voice in ready.voices) if ready is not None else None,
        "flow": switched.get("flow") or flows,
        "tools": None if "tools" in unknown else switched.get("tools", ()),
        "collections": None if "collections" in unknown else switched.get("collections", ()),
    }
