"""Recommended sets: which models work together on which machine.

Knows ids of cards and MiB, not the cards themselves: whether a set fits is worked out by
`workers.pool.memory.set_needs`, from the same estimates that the scheduler uses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from .errors import ConfigError, explain
from .yaml_files import read_yaml

SETS_FILE = Path(__file__).parent / "machines" / "sets.yaml"

Part = Literal["text", "stt", "tts", "rag", "reranker"]
PARTS: tuple[Part, ...] = ("text", "stt", "tts", "rag", "reranker")


class ModelSet(BaseModel):
    """One machine, and the model that is recommended on it for each kind of work."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    name: str
    """The machine, for people."""
    card_mib: int = Field(default=0, ge=0)
    """Least memory of the graphics card; 0: none is needed."""
    free_card_mib: int = Field(default=0, ge=0)
    """What is left of that beside the system and a desktop."""
    free_ram_mib: int = Field(gt=0)
    """RAM that is left beside the system."""
    on_card: tuple[Part, ...] = ()
    """What works on the graphics card; all else on the CPU."""
    text: str
    stt: str
    tts: str
    rag: str
    """The embedder; like the others, the id of a card."""
    reranker: str
    """It lives in the embedder's process."""
    instead: Mapping[Part, str] = {}
    """Second choices: better at one thing, and worse at another or at being together."""

    def model_of(self, part: Part) -> str:
        """Return the id of the card that is recommended for a part."""
        chosen: str = getattr(self, part)
        return chosen

    @property
    def ids(self) -> tuple[str, ...]:
        """Every card that is named, second choices last."""
        return (*map(self.model_of, PARTS), *self.instead.values())


def load_sets(path: Path = SETS_FILE) -> tuple[ModelSet, ...]:
    """Read the sets, the smallest machine first. Raises: ConfigError naming the file and the key."""
    try:
        return tuple(TypeAdapter(list[ModelSet]).validate_python(read_yaml(path)))
    except ValidationError as err:
        raise ConfigError(f"{path}: {explain(err, ModelSet)}") from err


def set_for(sets: Sequence[ModelSet], free_ram_mib: int, card_mib: int = 0) -> ModelSet:
    """Return the set for a machine: the largest card it has, then the most RAM that is free.

    `card_mib` is all of the card's memory, 0 without one. A machine below the smallest gets that: its
    models take turns. Raises: ValueError if there are no sets.
    """
    if not sets:
        raise ValueError("there are no sets to choose from")
    return ranked(sets, free_ram_mib, card_mib)[0]


def ranked(sets: Sequence[ModelSet], free_ram_mib: int, card_mib: int = 0) -> tuple[ModelSet, ...]:
    """Return the sets as they suit a machine: the best that fits first, then smaller, then larger ones."""
    by_size = sorted(sets, key=lambda one: (one.card_mib, one.free_ram_mib))
    fits = [one.card_mib <= card_mib and one.free_ram_mib <= free_ram_mib for one in by_size]
    fitting = [one for one, does_fit in zip(by_size, fits, strict=True) if does_fit]
    larger = [one for one, does_fit in zip(by_size, fits, strict=True) if not does_fit]
    return (*reversed(fitting), *larger)
