"""What this machine has, and which of Quintet's workers are in its memory."""

from __future__ import annotations

import shutil
from pathlib import Path

import psutil


def free_memory_mib() -> int:
    """Return how much memory could be taken now without swapping."""
    return int(psutil.virtual_memory().available // 2**20)


def total_memory_mib() -> int:
    """Return all memory there is."""
    return int(psutil.virtual_memory().total // 2**20)


def free_disk_mib(folder: Path) -> int:
    """Return the room where `folder` is, or would be made."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(there).free // 2**20
