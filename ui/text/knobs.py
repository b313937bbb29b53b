"""The knobs of an answer: what each is called, how far it goes, and what the model makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isclose
from typing import Any

from configs.catalogue import ModelCard
from workers.messages import SamplingParams, Thinking
from workers.messages.sampling import own_sampling, sampling_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Knob:
    """One sampling parameter as a slider."""

    name: str
    """Field of SamplingParams."""
    label: str
    info: str
    low: float
    high: float
    step: float
    value: float


RANDOM = -1
"""The seed that means none: an empty number box becomes 0 once it is drawn."""

KNOBS = (
    Knob(name="temperature", label="Temperature", low=0, high=2, step=0.05, value=0.3,
         info="0 always takes the likeliest word; higher is more varied"),
    Knob(name="top_p", label="Top p", low=0.05, high=1, step=0.05, value=0.9,
         info="Choose among the likeliest words with this much probability together"),
    Knob(name="top_k", label="Top k", low=0, high=200, step=1, value=40,
         info="Choose among so many words; 0 for all"),
    Knob(name="min_p", label="Min p", low=0, high=0.5, step=0.01, value=0.05,
         info="Drop words less likely than this share of the likeliest"),
    Knob(name="repeat_penalty", label="Repeat penalty", low=1, high=1.5, step=0.01, value=1.1,
         info="Above 1 discourages repetition"),
    Knob(name="max_tokens", label="Longest answer, tokens", low=16, high=4096, step=16, value=1024,
         info="A word is about 1.3 tokens"),
    Knob(name="seed", label="Seed", low=RANDOM, high=2**31 - 1, step=1, value=RANDOM,
         info="Same seed, same answer; -1 is random"),
)  # fmt: skip

WHOLE = ("top_k", "max_tokens", "seed")
"""Parameters that are whole numbers."""


AS_THE_MODEL_DOES, ON, OFF = "as the model does", "on", "off"
THINKING = (AS_THE_MODEL_DOES, ON, OFF)
"""Whether a model that can think does so before it answers."""
THINKS = "Whether it thinks before it answers"
BUDGET = Knob(name="max_tokens", label="Longest thought, tokens", low=0, high=16384, step=128, value=0,
              info="It is ended there, and the answer begins; 0: as long as the model likes")  # fmt: skip


def defaults_of(card: ModelCard, thinking: Thinking) -> tuple[float, ...]:
    """Return where the sliders stand for a model, in the order of `KNOBS`: as its card says, else as ours."""
    own = own_sampling(card, thinking)
    return tuple(_within(knob, own.get(knob.name, knob.value)) for knob in KNOBS)


def defaults_words(card: ModelCard) -> str:
    """Return "Starts with what its card says: temperature 1, top p 0.95."; "" if that says nothing."""
    own = own_sampling(card, Thinking())
    said = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in own.items())
    return f" Starts with what its card says: {said}." if said else ""


def moved(values: Sequence[float | None], shown: Sequence[float]) -> list[bool]:
    """Return for each slider whether somebody has moved it from where it stood."""
    return [
        value is not None and not isclose(value, at)
        for value, at in zip(values, shown, strict=True)
    ]


def wishes_of(card: ModelCard, values: Sequence[Any]) -> tuple[SamplingParams, Thinking]:
    """Return what the values of `ChatParts.knobs` ask of a model; what nobody moved is the card's.

    Raises: UnsupportedInputError.
    """
    *sliders, mode, budget, shown = values
    thinking = thinking_of(mode, budget)
    defaults = defaults_of(card, thinking)
    asked = [
        value if is_moved else default
        for value, default, is_moved in zip(sliders, defaults, moved(sliders, shown), strict=True)
    ]
    return sampling_of(card, asked, thinking), thinking


def thinking_of(mode: str, budget: float | None) -> Thinking:
    """Turn one of `THINKING` and the longest thought into a wish."""
    return Thinking(is_on={ON: True, OFF: False}.get(mode), max_tokens=int(budget or 0) or None)


def sampling_of(
    card: ModelCard, values: Sequence[float | None], thinking: Thinking
) -> SamplingParams:
    """Turn the sliders' values, in the order of `KNOBS`, into parameters. Raises: UnsupportedInputError."""
    given = {
        knob.name: int(value) if knob.name in WHOLE else float(value)
        for knob, value in zip(KNOBS, values, strict=True)
        if value is not None and not (knob.name == "seed" and value == RANDOM)
    }
    return sampling_for(card, given, thinking)


def _within(knob: Knob, value: object) -> float:
    """Return a card's value as a slider can show it; ours for what is no number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return knob.value
    return min(max(value, knob.low), knob.high)
