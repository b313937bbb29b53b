"""What was measured of models on this machine, remembered in `<data_dir>/tuning.json`.

A choice belongs to one model with one set of weights, on one processor with its cores and library,
and one device. Losing the book loses nothing but the choice: trouble with it is told to the log.
"""

from __future__ import annotations

import logging
import platform
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from configs.catalogue import ModelCard
from workers.specs.spec import spec_of

from .entries import Entries
from .run_settings import RunSettings, physical_cores, run_settings

log = logging.getLogger("quintet.tuning")

FILE = "tuning.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """What was chosen for one model here, and the speeds that it was chosen for."""

    settings: RunSettings
    reading: float
    """Tokens of a prompt per second."""
    writing: float
    """Tokens of one stream per second."""
    date: str
    """"2026-11-29"."""
    load: float
    """Of the machine before the measurement, as `uptime` says it: 0 is quiet."""

    def __str__(self) -> str:
        speeds = f"reads {self.reading:.0f}, writes {self.writing:.0f} tokens/s"
        return f"{self.settings} ({speeds}; measured {self.date}, load {self.load:.1f})"


_ENTRY = TypeAdapter(Tuned)


class TuningBook:
    """One book, shared by every Quintet of a data folder. Safe to use from any thread."""

    def __init__(self, data_dir: Path) -> None:
        """Nothing is read or written yet; the folder need not exist."""
        self._path = data_dir / FILE
        self._entries = Entries(self._path, "models")

    def find(self, card: ModelCard, device: str) -> Tuned | None:
        """Return what was chosen for a model here; None if it was never measured."""
        entry = self._entries.all().get(key_of(card, device))
        try:
            return None if entry is None else _ENTRY.validate_python(entry)
        except ValidationError as err:
            log.warning("%s: the entry of %s is not used: %s", self._path, card.id, err)
            return None

    def note(self, card: ModelCard, device: str, tuned: Tuned) -> None:
        """Remember a choice in place of an earlier one. Raises: OSError."""
        self._entries.note(key_of(card, device), asdict(tuned))

    def forget(self, card: ModelCard, device: str) -> None:
        """Go back to what is estimated. Raises: OSError."""
        self._entries.forget(key_of(card, device))

    def applied(self, card: ModelCard, device: str) -> ModelCard:
        """Return the card with what was measured laid under its own options."""
        if not is_tunable(card):
            return card
        tuned = self.find(card, device)
        if tuned is None:
            return card
        return card.model_copy(update={"options": {**tuned.settings.as_options(), **card.options}})


def is_tunable(card: ModelCard) -> bool:
    """Whether the card's engine runs by `RunSettings`."""
    spec = spec_of(card)
    return spec is not None and spec.is_tunable


def key_of(card: ModelCard, device: str) -> str:
    """Return under which name a choice is kept."""
    weights = (card.files.get(card.weight_file) or card.quantization)[:12]
    where = device.partition(":")[0]
    return joined(card.id, weights, card.engine, where, *machine_parts())


def machine_parts() -> tuple[str, str]:
    """Return what tells this machine from others: its processor and its cores."""
    return processor(), f"{physical_cores()} cores"


def joined(*parts: str) -> str:
    """Return one name made of several."""
    return "|".join(part.replace("|", "/") for part in parts)


@lru_cache
def processor() -> str:
    """Return the processor's name where the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def words_of(card: ModelCard, data_dir: Path, device: str = "cpu") -> str:
    """Return how a model runs here, for people; "" where there is nothing to choose."""
    if not is_tunable(card):
        return ""
    book = TuningBook(data_dir)
    tuned = book.find(card, device)
    chosen = run_settings(book.applied(card, device), physical_cores() or 1, device)
    if tuned is None:
        return f"{chosen} (estimated; quintet tune measures)"
    return str(tuned) if chosen == tuned.settings else f"{chosen} (partly set by its card)"
