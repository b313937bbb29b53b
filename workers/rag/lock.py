"""One program at a time has a folder of collections open.

Two would sweep away what the other is still indexing, and Chroma's files are one process's.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workers.errors import LoadError

if TYPE_CHECKING:
    from filelock import BaseFileLock

PATIENCE_S = 5.0
"""How long a worker that was stopped may still hold its files."""


def lock_folder(folder: Path) -> BaseFileLock:
    """Return the lock, held until it is released or the process ends. Raises: LoadError."""
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "in-use.lock", thread_local=False)
    try:
        lock.acquire(timeout=PATIENCE_S)
    except Timeout as err:
        raise LoadError(
            f"Another Quintet has the documents in {folder.parent} open.",
            hint="Stop it, ask it through its own address, or use another --data-dir.",
        ) from err
    return lock
