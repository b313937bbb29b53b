"""Pause requests: how a download is paused by another program on the same data folder.

Who wants a pause writes something new into the model's request file. Whoever downloads, or waits for
who does, has noted what the file said when it began, and ends once it says something else. Nobody
has to delete it, so no request is lost between two who read it, and none outlives its download.
"""

from __future__ import annotations

import time
import uuid
from pathlib import Path

from configs.catalogue import ModelCard

from .folders import pause_path

LOOK_EVERY_S = 0.1
"""Blocks come more often than that."""


def request_pause(card: ModelCard, data_dir: Path) -> None:
    """Ask every program that downloads this model to pause. Raises: OSError."""
    path = pause_path(card, data_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    unfinished.write_text(uuid.uuid4().hex, encoding="ascii")
    unfinished.replace(path)


class PauseWatch:
    """One download's look at the request file of its model."""

    def __init__(self, card: ModelCard, data_dir: Path) -> None:
        """What was asked for before now is not meant for this download."""
        self._path = pause_path(card, data_dir)
        self._before = self._read()
        self._looked_at = time.monotonic()
        self._is_asked = False

    def is_asked(self) -> bool:
        """Whether a pause was asked for since this was made; the disk is looked at now and then."""
        now = time.monotonic()
        if not self._is_asked and now - self._looked_at >= LOOK_EVERY_S:
            self._looked_at = now
            self._is_asked = self._read() != self._before
        return self._is_asked

    def _read(self) -> str:
        try:
            return self._path.read_text(encoding="ascii")
        except (OSError, ValueError):
            return ""
