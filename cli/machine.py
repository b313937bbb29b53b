"""What this machine has, and which of Quintet's workers are in its memory."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import psutil

NVIDIA_TIMEOUT_S = 10


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


def graphics_cards() -> list[str]:
    """Return NVIDIA's cards with their memory, as its own tool names them; none without it."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    command = [tool, "--query-gpu=name,memory.total,memory.free", "--format=csv,noheader"]
    try:
        done = subprocess.run(  # noqa: S603 — the driver's own tool, found on the PATH
            command, capture_output=True, text=True, timeout=NVIDIA_TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]
