"""What lies in a folder that somebody named: all of a model's, but never all of a disk's.

A walk ends after so many entries, so deep, and after so long, enters no linked folder, and says what
it left out.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

MAX_ENTRIES = 10_000
MAX_DEPTH = 6
"""Folders below the first."""
MAX_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What was found."""

    files: Mapping[str, int]
    """Name within the folder, with / → bytes."""
    cut: str
    """One sentence about what was left out; "" if nothing was."""


def walk(folder: Path, *, max_depth: int = MAX_DEPTH, links_out: bool = True) -> Walk:
    """Return the regular files in a folder and below it, without those whose name begins with a dot.

    The nearest come first. `links_out`: a link to a file elsewhere counts as a file (a hub's cache
    is made of those); a link to a folder is never entered.
    """
    walker = _Walker(folder, links_out=links_out)
    waiting = deque([("", 0)])
    while waiting and not walker.is_ended:
        prefix, depth = waiting.popleft()
        below = walker.read(prefix)
        if depth < max_depth:
            waiting.extend((name, depth + 1) for name in below)
        elif below and max_depth:
            walker.left_out[f"folders more than {max_depth} deep"] = True
    return Walk(files=walker.files, cut=walker.cut())


@dataclass(slots=True)
class _Walker:
    folder: Path
    links_out: bool
    files: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, bool] = field(default_factory=dict)
    """In the order in which it was noticed."""
    is_ended: bool = False
    _num_entries: int = 0
    _num_links: int = 0
    _root: str = ""
    _end: float = 0.0

    def __post_init__(self) -> None:
        self._root = os.path.realpath(self.folder)
        self._end = time.monotonic() + MAX_S

    def read(self, prefix: str) -> list[str]:
        """Note one folder's files; returns the names of the folders in it."""
        below: list[str] = []
        try:
            with os.scandir(self.folder / prefix) as entries:
                for entry in entries:
                    if self._is_enough():
                        return []
                    name = f"{prefix}/{entry.name}" if prefix else entry.name
                    if not entry.name.startswith(".") and self._note(entry, name):
                        below.append(name)
        except OSError:
            self.left_out["folders that may not be read"] = True
        return sorted(below)

    def cut(self) -> str:
        """Return the sentence."""
        if self._num_links:
            what = "link was" if self._num_links == 1 else "links were"
            self.left_out[f"{self._num_links:,} {what} not followed"] = True
        if not self.left_out:
            return ""
        return f"Not all of {self.folder} was looked at, left out: {'; '.join(self.left_out)}."

    def _is_enough(self) -> bool:
        self._num_entries += 1
        if self._num_entries > MAX_ENTRIES:
            self.left_out[f"all after the first {MAX_ENTRIES:,} entries"] = True
        elif time.monotonic() > self._end:
            self.left_out[f"all that was not found within {MAX_S:g} s"] = True
        else:
            return False
        self.is_ended = True
        return True

    def _note(self, entry: os.DirEntry[str], name: str) -> bool:
        """Note a file; returns whether the entry is a folder to enter."""
        try:
            if entry.is_symlink() and not self._may_follow(entry):
                self._num_links += 1
            elif entry.is_dir():
                return True
            elif entry.is_file():
                self.files[name] = entry.stat().st_size
        except OSError:
            self._num_links += 1  # one that leads round in a circle, or has gone
        return False

    def _may_follow(self, entry: os.DirEntry[str]) -> bool:
        if not entry.is_file():
            return False
        inside = os.path.realpath(entry.path).startswith(self._root.rstrip(os.sep) + os.sep)
        return inside or self.links_out
