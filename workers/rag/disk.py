"""One way to say that the disk is full, whichever library noticed."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workers.errors import DiskFullError

_FULL_SIGNS = ("disk is full", "no space left", "disk i/o error", "code: 13)")


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn "no space" in any library's words into DiskFullError with the numbers."""
    try:
        yield
    except Exception as err:
        text = str(err).lower()
        is_full = getattr(err, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        if is_full or any(sign in text for sign in _FULL_SIGNS):
            free_mib = shutil.disk_usage(folder).free / 2**20
            raise DiskFullError(
                f"No room left for the index: {free_mib:.1f} MiB free in {folder}.",
                hint="Free some space or delete a collection; what was indexed before is kept.",
            ) from err
        raise
