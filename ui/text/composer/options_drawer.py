"""The drawer of the composer: the chat's system prompt and the model's sampling, kept with the chat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from configs.catalogue import ModelCard
from workers.flows.turns.options import TurnOptions

from .knobs import KNOBS, changed_sampling, defaults_of, shown_values


def drawer_values(card: ModelCard, options: TurnOptions) -> tuple[Any, ...]:
    """Return where everything stands, in the order of `ChatParts.options`: system prompt, knobs, longest thought."""
    knobs = shown_values(options.sampling, defaults_of(card, options.thinking))
    return (options.system, *knobs, options.thinking_tokens or 0)


def with_drawer(card: ModelCard, options: TurnOptions, values: Sequence[Any]) -> TurnOptions:
    """Return the options with what the drawer says; a knob that stands where the model has it says nothing."""
    system, *knobs, longest_thought = values
    defaults = defaults_of(card, options.thinking)
    names = {knob.name for knob in KNOBS}
    besides = {name: value for name, value in options.sampling.items() if name not in names}
    return options.model_copy(
        update={
            "system": system or "",
            "sampling": {**besides, **changed_sampling(knobs, defaults)},
            "thinking_tokens": int(longest_thought or 0) or None,
        }
    )
