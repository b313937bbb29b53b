"""Files in folders that others write and delete meanwhile: what has gone is left out, never an error."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def files_below(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder and below it; none if there is no such folder.

    No linked folder is entered. Not `Path.rglob`: before Python 3.13 that raises if a folder is
    deleted or renamed while it is read.
    """
    for parent, _, names in os.walk(folder):
        yield from (Path(parent, name) for name in names)


def file_bytes(path: Path) -> int | None:
    """Return a regular file's size, through links; None for everything else, and for what has gone."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_size if path.is_file() else None


def folder_bytes(folder: Path) -> int:
    """Return the size of all files in a folder; a link counts as the file that it leads to."""
    return sum(file_bytes(path) or 0 for path in files_below(folder))
