"""What the system says about a process's work: how much it has computed and read. Needs no answer of it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import psutil

from workers.pool.memory.machine import family


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """Two sums that only grow while a process does something."""

    cpu_s: float
    """Seconds of all threads on any core."""
    read_bytes: int
    """By reading, or from a disk by touching a mapped file; 0 where the system does not say."""


def read_vitals(pid: int | None) -> Vitals | None:
    """Return the sums of a process and of those it has started; None if it has gone."""
    members = [] if pid is None else family(pid)
    if not members:
        return None
    cpu_s, read_bytes = 0.0, 0
    for member in members:
        with contextlib.suppress(psutil.Error):
            times = member.cpu_times()
            cpu_s += times.user + times.system
        with contextlib.suppress(psutil.Error, AttributeError):  # macOS does not count bytes
            counted = member.io_counters()
            read_bytes += counted.read_bytes + getattr(counted, "read_chars", 0)
    return Vitals(cpu_s=cpu_s, read_bytes=read_bytes)
