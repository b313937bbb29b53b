"""How fast a model works, as it is shown: a number, what it counts, and whether it was seen here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from workers.messages import Modality

Unit = Literal["tokens/s", "× real time", "chunks/s"]

UNITS: dict[Modality, Unit] = {
    "text": "tokens/s",
    "vision": "tokens/s",
    "stt": "× real time",
    "tts": "× real time",
    "rag": "chunks/s",
}
"""What is counted: tokens that are written; seconds of sound per second; chunks of `CHUNK_TOKENS`."""
SHOWN: dict[Unit, str] = {"chunks/s": "passages/s"}
"""What people read; programs go by the unit."""
CHUNK_TOKENS = 200
"""The longest chunk that indexing cuts: `workers.engines.rag.chunking.MAX_TOKENS`."""


LEAST = 0.05
"""What is predicted to be less is said to be under 0.1: a prediction has no more digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedEstimate:
    """One model on one device."""

    value: float
    unit: Unit
    is_measured: bool = False
    """Seen in use on this machine; else predicted."""

    @property
    def number(self) -> str:
        """The value: 142 → "142" if measured, "140" if predicted; 7.31 → "7.3"."""
        if self.value < 9.95:
            return f"{self.value:.1f}"
        digits = 0 if self.is_measured else 2 - len(str(int(self.value)))
        return f"{round(self.value, digits):,.0f}"

    @property
    def words(self) -> str:
        """For people: "about 14 tokens/s", "14 tokens/s, measured", "about 3.0× real time"."""
        space = "" if self.unit.startswith("×") else " "
        unit = SHOWN.get(self.unit, self.unit)
        said = f"{self.number}{space}{unit}"
        if self.is_measured:
            return f"{said}, measured"
        return f"under 0.1{space}{unit}" if self.value < LEAST else f"about {said}"

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "value": round(self.value, 2),
            "unit": self.unit,
            "is_measured": self.is_measured,
            "words": self.words,
        }
