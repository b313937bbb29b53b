"""The knobs of an answer: what each is called, how far it goes, and where it stands for a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isclose
from typing import Any

from configs.catalogue import ModelCard
from workers.messages import SamplingParams, Thinking
from workers.messages.sampling import own_sampling

OURS = SamplingParams()
"""Where a knob stands for a model whose card says nothing: as at the other doors."""


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
UNBOUNDED = 0
"""The length that means none."""
NONE_AT = {"seed": RANDOM, "max_tokens": UNBOUNDED}
"""Where the knob of a parameter stands that is not set."""

KNOBS = (
    Knob(name="temperature", label="Temperature", low=0, high=2, step=0.05, value=OURS.temperature,
         info="0 always takes the likeliest word; higher is more varied"),
    Knob(name="top_p", label="Top p", low=0.05, high=1, step=0.05, value=OURS.top_p,
         info="Choose among the likeliest words with this much probability together"),
    Knob(name="top_k", label="Top k", low=0, high=200, step=1, value=OURS.top_k,
         info="Choose among so many words; 0 for all"),
    Knob(name="min_p", label="Min p", low=0, high=0.5, step=0.01, value=OURS.min_p,
         info="Drop words less likely than this share of the likeliest"),
    Knob(name="repeat_penalty", label="Repeat penalty", low=1, high=1.5, step=0.01,
         value=OURS.repeat_penalty, info="Above 1 discourages repetition"),
    Knob(name="max_tokens", label="Longest answer, tokens", low=UNBOUNDED, high=8192, step=16,
         value=UNBOUNDED, info="A word is about 1.3 tokens; 0: as long as it takes, up to half of the context"),
    Knob(name="seed", label="Seed", low=RANDOM, high=2**31 - 1, step=1, value=RANDOM,
         info="Same seed, same answer; -1 is random"),
)  # fmt: skip

WHOLE = ("top_k", "max_tokens", "seed")
"""Parameters that are whole numbers."""

LONGEST_THOUGHT = Knob(
    name="max_tokens", label="Longest thought, tokens", low=0, high=16384, step=128, value=0,
    info="It is ended there, and the answer begins; 0: as long as the model likes",
)  # fmt: skip


def defaults_of(card: ModelCard, thinking: Thinking) -> tuple[float, ...]:
    """Return where the knobs stand for a model, in the order of `KNOBS`: as its card says, else as ours."""
    own = own_sampling(card, thinking)
    return tuple(_within(knob, own.get(knob.name, knob.value)) for knob in KNOBS)


def defaults_words(card: ModelCard) -> str:
    """Return "Starts with what its card says: temperature 1, top p 0.95."; "" if that says nothing."""
    own = own_sampling(card, Thinking())
    said = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in own.items())
    return f" Starts with what its card says: {said}." if said else ""


def shown_values(sampling: Mapping[str, Any], defaults: Sequence[float]) -> tuple[float, ...]:
    """Return where the knobs stand for wishes that somebody had."""
    return tuple(
        _within(knob, sampling.get(knob.name, at)) for knob, at in zip(KNOBS, defaults, strict=True)
    )


def changed_sampling(
    values: Sequence[float | None], defaults: Sequence[float]
) -> dict[str, float | int]:
    """Return what the knobs ask for: those that somebody has moved from where they stood."""
    return {
        knob.name: int(value) if knob.name in WHOLE else float(value)
        for knob, value, at in zip(KNOBS, values, defaults, strict=True)
        if value is not None and not isclose(value, at) and value != NONE_AT.get(knob.name)
    }


def _within(knob: Knob, value: object) -> float:
    """Return a value as a slider can show it; ours for what is no number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return knob.value
    return min(max(value, knob.low), knob.high)
