"""One way to say that the disk is full, whichever library noticed; better, before any does."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workers.messages.amounts import fine_size_words
from workers.messages.errors import DiskFullError

_FULL_SIGNS = ("disk is full", "no space left", "disk i/o error", "code: 13)")
_NOTHING_LEFT_MIB = 1.0
RESERVE_MIB = 16.0
"""Never written into: on a disk with nothing left Chroma cannot even answer questions (measured)."""


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn "no space" into DiskFullError with the numbers.

    Chroma hides the cause behind its own words, so a failure on a disk with nothing left counts too.
    """
    try:
        yield
    except Exception as err:
        text = str(err).lower()
        is_full = getattr(err, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        free_mib = shutil.disk_usage(folder).free / 2**20
        if is_full or free_mib < _NOTHING_LEFT_MIB or any(sign in text for sign in _FULL_SIGNS):
            raise _full(folder) from err
        raise


def require_room(folder: Path) -> None:
    """Raises: DiskFullError if writing could use up what reading needs."""
    if shutil.disk_usage(folder).free < RESERVE_MIB * 2**20:
        raise _full(folder)


def _full(folder: Path) -> DiskFullError:
    return DiskFullError(
        f"No room left in {folder}: {fine_size_words(shutil.disk_usage(folder).free)} are free, and "
        f"the index needs {fine_size_words(RESERVE_MIB * 2**20)} to work.",
        hint="Free some space or delete a collection; what was indexed before is kept.",
    )
