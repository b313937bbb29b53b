"""The composer's switches for flows: which one, the second model of those that have two, an article's style."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from configs.catalogue import ModelCard
from ui.text.composer.switch_state import SwitchChoice, SwitchState
from workers.client import Client
from workers.flows.turns.options import DIRECT, TurnOptions
from workers.flows.turns.ways import WAYS, WHAT_FLOWS_DO
from workers.messages.errors import UnsupportedInputError

NEEDS = {"route": "stronger", "compare": "other"}
"""Flows with two models, and the field of the second one."""
ASKS = {
    "route": "The model that is asked where this one finds its answer bad",
    "compare": "The model whose answer stands beside this one's",
}
STYLES = ("for children", "for experts", "in short sentences", "as a blog post", "as a report")


def flow_state(client: Client, options: TurnOptions, owner: str) -> SwitchState | None:
    """How the answer is come by."""
    flow = options.flow if options.flow in WAYS else DIRECT
    choices = tuple(
        SwitchChoice(value=name, label=name.title(), note=WHAT_FLOWS_DO[name]) for name in WAYS
    )
    return SwitchState(
        key="flow",
        label="Flow" if flow == DIRECT else flow.title(),
        icon="flow",
        kind="one",
        value=flow,
        is_on=flow != DIRECT,
        hint=f"How the answer is come by. {WHAT_FLOWS_DO[flow]}",
        choices=choices,
    )


def write_flow(options: TurnOptions, value: Any) -> TurnOptions:
    """Choose a flow. Raises: UnsupportedInputError."""
    if value not in WAYS:
        raise UnsupportedInputError(
            f"There is no flow {value!r}.", f"There are: {', '.join(WAYS)}."
        )
    return options.model_copy(update={"flow": value})


def second_state(client: Client, options: TurnOptions, owner: str) -> SwitchState | None:
    """The second model; only where the flow has one."""
    if options.flow not in NEEDS:
        return None
    first = options.model or client.card("text").id
    cards = [card for card in client.models.all("text") if card.id != first]
    if options.flow == "route":  # a stronger one is mostly elsewhere
        cards.sort(key=lambda card: not card.is_remote)
    chosen = getattr(options, NEEDS[options.flow])
    name = next((card.name for card in cards if card.id == chosen), chosen)
    return SwitchState(
        key="second",
        label=name or "Second model",
        icon="branch",
        kind="one",
        value=chosen,
        is_on=chosen is not None,
        hint=ASKS[options.flow],
        choices=_models(cards),
        why_not="" if cards else "There is no second text model here: get one on the Models tab.",
    )


def write_second(options: TurnOptions, value: Any) -> TurnOptions:
    """Choose the second model. Raises: UnsupportedInputError."""
    if not isinstance(value, str) or options.flow not in NEEDS:
        raise UnsupportedInputError("This flow has no second model.", "Choose route or compare.")
    return options.model_copy(update={NEEDS[options.flow]: value})


def style_state(client: Client, options: TurnOptions, owner: str) -> SwitchState | None:
    """How an article is written."""
    if options.flow != "article":
        return None
    named = dict.fromkeys([*STYLES, *([options.style] if options.style else [])])
    choices = (
        SwitchChoice(value="", label="As the model writes"),
        *(SwitchChoice(value=style, label=_capital(style)) for style in named),
    )
    return SwitchState(
        key="style",
        label=_capital(options.style) or "Style",
        icon="edit",
        kind="one",
        value=options.style,
        is_on=bool(options.style),
        hint="How the article is written",
        choices=choices,
    )


def write_style(options: TurnOptions, value: Any) -> TurnOptions:
    """Choose a style. Raises: UnsupportedInputError."""
    if not isinstance(value, str):
        raise UnsupportedInputError("A style has to be a text.")
    return options.model_copy(update={"style": value})


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _models(cards: Sequence[ModelCard]) -> tuple[SwitchChoice, ...]:
    return tuple(SwitchChoice(value=card.id, label=card.name, note=_where(card)) for card in cards)


def _where(card: ModelCard) -> str:
    return (
        "On another server: what you write is sent there" if card.is_remote else "On this machine"
    )
