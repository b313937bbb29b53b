"""Which models a person chose, kept in the data folder: they are used again after a restart.

Written by whoever sets models up: the page, or `quintet models setup`. Read where the defaults of a
program are made (`workers.assembly`).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from configs.errors import ConfigError
from configs.small_files import read_text
from workers.messages import Modality

log = logging.getLogger("quintet.models")

FILE = "chosen.json"
LOCK_TIMEOUT_S = 5.0
"""Writing takes a millisecond: who holds the lock for longer hangs."""


class Choices(BaseModel):
    """What was chosen on this data folder."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    defaults: Mapping[Modality, str] = {}
    """Modality → id of the model that requests without a model name use."""
    before: Mapping[Modality, str] = {}
    """What `defaults` was before a set was fetched: Undo goes back to it."""
    wanted: tuple[str, ...] = ()
    """Ids of the set that is being fetched; some are still missing if that was cut."""
    wanted_set: str = ""
    """Which set that is: what is free when it goes on may be the least of another."""
    is_declined: bool = False
    """Somebody said "not now": the page offers nothing."""
    bytes_per_s: float = 0.0
    """How fast the last download came; 0: not known."""


def read_choices(data_dir: Path) -> Choices:
    """Return what was chosen; a file that cannot be read is told of, and counts as none."""
    path = data_dir / FILE
    if not path.exists():
        return Choices()
    try:
        return Choices.model_validate_json(read_text(path))
    except (ConfigError, ValidationError) as err:
        log.warning("%s is left out, and the models of the settings are used: %s", path, err)
        return Choices()


def change_choices(data_dir: Path, **fields: object) -> Choices:
    """Replace some fields of what was chosen; returns what holds then. Raises: OSError."""
    return update_choices(data_dir, lambda kept: fields)


def update_choices(data_dir: Path, change: Callable[[Choices], Mapping[str, object]]) -> Choices:
    """Replace the fields that `change` makes of what was chosen until now; returns what holds then.

    A download that arrives and a person who clicks write at the same time, and so do the page and the
    shell: what one of them reads must not be another's by the time it writes. Raises: OSError.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / FILE
    try:
        with FileLock(path.with_suffix(".lock"), timeout=LOCK_TIMEOUT_S):
            kept = read_choices(data_dir)
            changed = kept.model_copy(update=dict(change(kept)))
            _write(path, changed)
    except Timeout as err:
        raise OSError(f"{path} is locked by another program") from err
    return changed


def _write(path: Path, choices: Choices) -> None:
    """Replace the file as a whole. Raises: OSError."""
    fresh = path.with_suffix(f".{os.getpid()}.new")
    fresh.write_text(choices.model_dump_json(indent=1), encoding="utf-8")
    fresh.replace(path)
