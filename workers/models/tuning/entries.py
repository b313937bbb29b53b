"""What was measured here, as entries of one small JSON file that every Quintet of a data folder shares.

Losing the file loses nothing but what can be measured again: trouble with it is told to the log.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

log = logging.getLogger("quintet.tuning")

_VERSION = 1
_LOCK_TIMEOUT_S = 1.0
"""Writing takes a millisecond: who holds the lock for longer hangs."""


class Entries:
    """JSON objects by name. Safe to use from any thread."""

    def __init__(self, path: Path, what: str) -> None:
        """`what` names the entries within the file. Nothing is read yet; the folder need not exist."""
        self._path = path
        self._what = what

    def all(self) -> dict[str, Any]:
        """Return what is in the file, the one noted last at the end; nothing if it cannot be read."""
        try:
            stat = self._path.stat()
        except OSError:
            return {}
        return dict(_read(self._path, self._what, stat.st_mtime_ns, stat.st_ino))

    def note(self, name: str, entry: Any, most: int = 1 << 20) -> None:
        """Remember an entry in place of an earlier one; of more than `most`, the oldest go.

        Raises: OSError.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._locked():
            entries = self.all()
            entries.pop(name, None)
            self._write(dict([*entries.items(), (name, entry)][-most:]))

    def forget(self, name: str) -> None:
        """Remove an entry, if there is one. Raises: OSError."""
        if name not in self.all():
            return
        with self._locked():
            entries = self.all()
            if entries.pop(name, None) is not None:
                self._write(entries)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep others from writing between what is read and what is written. Raises: OSError."""
        try:
            with FileLock(self._path.with_suffix(f".{self._what}-lock"), timeout=_LOCK_TIMEOUT_S):
                yield
        except Timeout as err:
            raise OSError(f"{self._path} is locked by another program") from err

    def _write(self, entries: dict[str, Any]) -> None:
        unfinished = self._path.with_suffix(f".{os.getpid()}.part")
        try:
            content = {"version": _VERSION, self._what: entries}
            unfinished.write_text(json.dumps(content, indent=1), encoding="utf-8")
            unfinished.replace(self._path)
        finally:
            unfinished.unlink(missing_ok=True)


@lru_cache(maxsize=8)
def _read(path: Path, what: str, _mtime_ns: int, _inode: int) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        entries = content[what] if content["version"] == _VERSION else {}
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as err:
        log.warning("%s is not used: %s", path, err)
        return {}
    return dict(entries) if isinstance(entries, dict) else {}
