"""How long a context a model gets where nobody has asked for one: from the memory of the machine, not of the moment.

The longest of `STEPS` whose memory, over that of no context at all, is at most a share of what the device
can hold beside the rest of the model. The same machine, budget and files give the same answer after every
start. What others take right now only decides whether it can be had, or the next shorter one
(`Estimator.placements`). Why these numbers: docs/adr/0029-a-context-that-fits.md. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workers.messages.amounts import memory_words
from workers.models.tuning.context import LEAST_TOKENS

from .machine import CPU

STEPS = (LEAST_TOKENS, 8192, 16384, 32768)
"""Tokens. Doubled: a step less is of little use, and each is a peak of its own to be measured."""
SHARE_OF_RAM = 1 / 8
"""Five workers and other programs live there."""
SHARE_OF_CARD = 1 / 2
"""Chat or pictures have it to themselves."""
NO_CONTEXT = 256
"""Tokens: the least that llama.cpp keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextUse:
    """How long the context of a model is in one place, and what it costs."""

    tokens: int
    """Of one conversation."""
    made_for: int
    """Tokens that the model was made for; 0: not known."""
    slots: int
    """Conversations that have so much each."""
    mib_per_1024: float
    """What the next 1,024 tokens of one slot would take."""
    is_asked: bool
    """By a setting or the card, and not chosen from the memory there is."""

    def __str__(self) -> str:
        slots = f" in each of {self.slots} slots" if self.slots > 1 else ""
        whose = "set" if self.is_asked else "chosen for this machine"
        own = f", the model's own is {self.made_for:,}" if self.made_for > self.tokens else ""
        price = f"{memory_words(self.mib_per_1024)} per 1,024 tokens and slot"
        return f"{self.tokens:,} tokens{slots} ({whose}{own}); {price}"

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {
            "tokens": self.tokens,
            "made_for": self.made_for or None,
            "slots": self.slots,
            "mib_per_1024_tokens_and_slot": round(self.mib_per_1024, 2),
            "is_set": self.is_asked,
        }


def chosen_steps(
    need_mib: Callable[[int], float], capacity_mib: int, device: str, most: int
) -> tuple[int, ...]:
    """Return the contexts to try, the longest first; the last is the least that is ever chosen.

    `need_mib` says what the model needs with so many tokens for each slot, and `capacity_mib` what
    the device could give if nobody else took anything. `most` bounds them; 0: nothing does.
    """
    steps = sorted({min(step, most or step) for step in STEPS})
    bare = need_mib(min(NO_CONTEXT, steps[0]))
    share = SHARE_OF_RAM if device == CPU else SHARE_OF_CARD
    room = share * max(0.0, capacity_mib - bare)
    fitting = [step for step in steps if need_mib(step) - bare <= room]
    return tuple(reversed(fitting)) or (steps[0],)


def step_for(tokens: int, made_for: int) -> int:
    """Return a context that holds a prompt of so many tokens and an answer; at most the model's own.

    A power of two, so that not every longer question loads the model anew.
    """
    wanted = LEAST_TOKENS
    while wanted < tokens * 5 // 4:
        wanted *= 2
    return min(wanted, made_for or wanted)
