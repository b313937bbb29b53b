"""Where personas are: with Quintet, in the data folder for everybody, and each owner's own.

`configs/personas/` holds those that come with Quintet; `personas/` of the data folder everybody's on this
machine, from the shell or dropped there; `personas/owners/HASH/` one owner's, under the SHA-256 of who he
is. Presets likewise, in `presets`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from .folder import RecordFolder
from .kept import KeptRecords
from .portable import Record
from .records import Persona, SamplingPreset

SHIPPED = Path(__file__).parents[2] / "configs"
OWNERS = "owners"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPersonas:
    """What one owner sees."""

    personas: KeptRecords[Persona]
    presets: KeptRecords[SamplingPreset]


class PersonaStore:
    """Holds nothing open: any number of them, in any process, may look at one data folder."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir

    def of(self, owner: str) -> OwnPersonas:
        """Return the personas of one user or browser, beside those that everybody has."""
        folder = hashlib.sha256(owner.encode()).hexdigest()[:32]
        return OwnPersonas(
            personas=self._seen(Persona, f"{OWNERS}/{folder}"),
            presets=self._seen(SamplingPreset, f"{OWNERS}/{folder}"),
        )

    def of_machine(self) -> OwnPersonas:
        """Return what everybody has; for who owns the data folder: the shell and the library."""
        return OwnPersonas(personas=self._seen(Persona, ""), presets=self._seen(SamplingPreset, ""))

    def _seen(self, kind: type[Record], own_folder: str) -> KeptRecords[Record]:
        room = f"{kind.kind}s"
        shipped = RecordFolder(SHIPPED / room, kind, "shipped")
        machine = RecordFolder(self._data_dir / room, kind, "machine")
        if not own_folder:
            return KeptRecords(kind, (shipped, machine), machine)
        own = RecordFolder(self._data_dir / room / own_folder, kind, "own")
        return KeptRecords(kind, (shipped, machine, own), own)
