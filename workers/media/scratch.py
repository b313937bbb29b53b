"""Temporary folders that are known to belong to somebody, so that those of killed processes can be removed.

Each holds a file that its owner keeps locked: the system lets go of the lock when the owner dies, however
that happens. Process ids would not do: they are used again, and are others in another container.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

PREFIX = "quintet-"
LOCK_NAME = "owner.lock"

log = logging.getLogger("quintet")


@contextlib.contextmanager
def scratch_folder(purpose: str, parent: Path | None = None) -> Iterator[Path]:
    """A new folder that is gone afterwards; in the system's place for such, unless told. Raises: OSError."""
    from filelock import FileLock

    with tempfile.TemporaryDirectory(
        prefix=f"{PREFIX}{purpose}-", dir=parent, ignore_cleanup_errors=True
    ) as name:
        folder = Path(name)
        with FileLock(folder / LOCK_NAME, thread_local=False):
            yield folder


def sweep(parent: Path | None = None) -> int:
    """Remove the folders whose owners have died; returns how many. Others' are not touched."""
    num_removed = 0
    for folder in sorted(Path(parent or tempfile.gettempdir()).glob(f"{PREFIX}*")):
        with contextlib.suppress(OSError):
            num_removed += _is_ours(folder) and _removed_if_orphaned(folder)
    if num_removed:
        log.info("removed %s temporary folders of processes that were killed", num_removed)
    return num_removed


def _is_ours(folder: Path) -> bool:
    """Whether it is a real folder of this user with a lock in it: a link may lead anywhere."""
    is_own = folder.lstat().st_uid == os.geteuid()
    lock = folder / LOCK_NAME
    return is_own and folder.is_dir() and not folder.is_symlink() and _is_plain(lock)


def _is_plain(file: Path) -> bool:
    return file.is_file() and not file.is_symlink()


def _removed_if_orphaned(folder: Path) -> bool:
    from filelock import FileLock, Timeout

    try:
        with FileLock(folder / LOCK_NAME, thread_local=False, blocking=False):
            shutil.rmtree(folder)
    except Timeout:
        return False  # somebody works in it
    return True
