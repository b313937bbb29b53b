"""One program at a time has a folder of collections open.

Two would sweep away what the other is still indexing, and Chroma's files are one process's.
"""

from __future__ import annotations

from pathlib import Path

from workers.messages.errors import FolderInUseError

TIMEOUT_S = 3.0
"""How long a worker that was stopped may still hold its files."""


class FolderLock:
    """Held until it is released or the process ends."""

    def __init__(self, folder: Path) -> None:
        from filelock import FileLock

        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._file = FileLock(folder / "in-use.lock", thread_local=False)

    def take(self) -> None:
        """Take it, unless it is ours already. Raises: FolderInUseError if another program has it."""
        from filelock import Timeout

        try:
            self._file.acquire(timeout=TIMEOUT_S)
        except Timeout as err:
            raise FolderInUseError(
                f"Another Quintet has the documents in {self._folder.parent} open.",
                hint="Stop it, ask it through its own address, or use another --data-dir.",
            ) from err

    def release(self) -> None:
        """Give it back, if it is held."""
        self._file.release(force=True)
