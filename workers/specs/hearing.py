"""What a recogniser can be asked for: by its engine's record and its card, and once it is loaded by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from configs.catalogue import ModelCard
from workers.messages import Ready

from .spec import spec_of

LACKS: Mapping[str, str] = {
    "translation": "does not translate",
    "prompt": "hears only the sound: it takes no context and no words",
    "word_times": "gives no times of single words",
    "detection": "cannot find out which language is spoken",
}
"""What one may lack, as the end of a sentence that begins with its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """One recogniser."""

    name: str
    lacks: frozenset[str]
    """Of `LACKS`."""

    def refusal(self, ability: str) -> str:
        """Return "Parakeet TDT 0.6B v3 does not translate"; "" if it does. Raises: KeyError."""
        return f"{self.name} {LACKS[ability]}" if ability in self.lacks else ""


def hearing_of(card: ModelCard, ready: Ready | None = None) -> Hearing:
    """Return what a card's model can; `ready`: what it said of itself when it was loaded."""
    if ready is not None:
        lacks = {*ready.lacks}
        lacks |= set() if "translate" in ready.capabilities else {"translation"}
        return Hearing(name=card.name, lacks=frozenset(lacks))
    spec = spec_of(card)
    known = {*spec.lacks} if spec is not None else set()
    if len(card.languages) == 1:
        known.add("translation")
    return Hearing(name=card.name, lacks=frozenset(known))
