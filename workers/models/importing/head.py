"""The beginning of a file that is elsewhere, as much of it as its reader needs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import TypeVar

from configs.errors import ConfigError
from workers.media.scratch import scratch_folder

FIRST_BYTES = 1 << 20
MAX_BYTES = 64 << 20
"""A vocabulary of 260,000 tokens and its scores take 12 MB."""
_GROWTH = 4

Result = TypeVar("Result")


def with_head(
    name: str, read_head: Callable[[str, int], bytes], read: Callable[[Path], Result]
) -> Result:
    """Return what `read` makes of the file's beginning, fetching more of it until that is enough.

    Raises: ConfigError if even the longest beginning is not.
    """
    num_bytes = FIRST_BYTES
    with scratch_folder("head") as folder:
        path = folder / PurePosixPath(name).name
        while True:
            content = read_head(name, num_bytes)
            path.write_bytes(content)
            try:
                return read(path)
            except ConfigError:
                if len(content) < num_bytes or num_bytes >= MAX_BYTES:
                    raise
            num_bytes *= _GROWTH
