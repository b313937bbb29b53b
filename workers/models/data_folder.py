"""Whether the data folder can be used, asked once at the start: one sentence there instead of failures later."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from configs.errors import ConfigError

PROBE_BYTES = 64 << 10
WRITTEN_INTO = ("collections", "converted", "models.d")
"""Folders within it; one that is there must be writable too."""


def prepare_data_folder(folder: Path) -> None:
    """Make the folder, if there is none, and see that it can be written.

    Raises: ConfigError saying what is wrong with it and what to do.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _probe(folder)
        for name in WRITTEN_INTO:
            if (folder / name).exists():
                _probe(folder / name)
    except OSError as err:
        raise ConfigError(_sentence(folder, err)) from err


def _probe(folder: Path) -> None:
    """Write a file and remove it: permission bits say little (root, read-only disks, quotas)."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(PROBE_BYTES))
        file.flush()
        os.fsync(file.fileno())


def _sentence(folder: Path, err: OSError) -> str:
    other = "Choose another one with --data-dir, or QUINTET_DATA_DIR."
    if isinstance(err, (FileExistsError, NotADirectoryError)):
        return f"The data folder {folder} cannot be used: a file is in its place. {other}"
    if err.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"The data folder {folder} cannot be used: no room is left there. Free some space. {other}"
    reason = (err.strerror or str(err)).lower()
    return f"The data folder {folder} cannot be written: {reason}. {other}"
