"""What a container's limits leave of the machine's RAM (control groups of Linux, versions 1 and 2).

A limit may stand at any level above ours, so every level is looked at. What the page cache holds is
given back as soon as anyone needs it: its inactive part counts as free, as Kubernetes counts.
Source: the kernel's Documentation/admin-guide/cgroup-v1/memory.rst and cgroup-v2.rst.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

ROOT = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")


@dataclass(frozen=True, slots=True)
class _Files:
    """Where a version writes what we need."""

    limit: str
    used: str
    inactive: str
    """Key in `memory.stat`."""


_V1 = _Files("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
_V2 = _Files("memory.max", "memory.current", "inactive_file")


def container_memory(
    root: Path = ROOT, own: Path = OWN, *, below: int | None = None
) -> Iterator[tuple[int, int]]:
    """Yield the limit and what is left of it, in bytes, for every level that has one.

    Version 1 writes "no limit" as a number larger than any RAM. Limits that are not `below` so many
    bytes are left out, and what is used under them is not read.
    """
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            yield from _levels(root, path, _V2, below)
        elif "memory" in controllers.split(","):
            yield from _levels(root / "memory", path, _V1, below)


def _levels(mount: Path, path: str, files: _Files, below: int | None) -> Iterator[tuple[int, int]]:
    """Ours first. Inside a container the path may not exist; the mount itself is our level then."""
    inside = PurePosixPath(path.lstrip("/"))
    for level in (inside, *inside.parents):
        found = _read(mount / level, files, below)
        if found is not None:
            yield found


def _read(folder: Path, files: _Files, below: int | None) -> tuple[int, int] | None:
    try:
        limit = int((folder / files.limit).read_text())  # "max" is no number: no limit
        if below is not None and limit >= below:
            return None
        used = int((folder / files.used).read_text())
        rows = [line.split() for line in (folder / "memory.stat").read_text().splitlines()]
        inactive = next((int(row[1]) for row in rows if row[0] == files.inactive), 0)
    except (OSError, ValueError, IndexError):
        return None
    return limit, max(0, limit - max(0, used - inactive))
