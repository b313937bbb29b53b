"""The machine as the pool touches it: a loop with a clock, threads, processes, and scales to weigh them.

All that the pool knows of the world goes through here, so that its rules can be tried in a world whose
time and processes are made up (`tests/pool/simulated.py`).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import psutil

from workers.messages import Request
from workers.messages.process_spec import ProcessSpec
from workers.pool.memory.machine import CPU, process_gpu_mib, process_mib, process_peak_mib

from .child import Child
from .vitals import Vitals, read_vitals


class Hold(Protocol):
    """The parent's hold on one process: see `workers.pool.child.Child`."""

    @property
    def pid(self) -> int | None:
        """Process id."""

    def send(self, request: Request) -> None:
        """Give the process one request to work on."""

    def control(self, message: object) -> None:
        """Tell the process something it hears even while it works."""

    def shut_down(self) -> None:
        """Ask the process to cancel what runs and to exit."""

    def kill(self) -> None:
        """End the process at once."""


Start = Callable[[ProcessSpec, Callable[[object], None], Callable[[str], None]], Hold]
"""Start a process; its messages go to the second, its exit, with the reason, to the third.

Raises: OSError if it cannot be started.
"""


class Scales:
    """What processes hold now, in MiB, and how much they have done."""

    def __init__(self) -> None:
        self._main = psutil.Process()

    def main_mib(self) -> int:
        """Return what the page's own process holds."""
        return int(self._main.memory_info().rss) >> 20

    def in_use_mib(self, pid: int) -> dict[str, int]:
        """Return what a process holds with its children, by device."""
        return {CPU: process_mib(pid), **process_gpu_mib(pid)}

    def peak_mib(self, pid: int) -> int:
        """Return the most RAM that a process has used so far."""
        return process_peak_mib(pid)

    def vitals(self, pid: int | None) -> Vitals | None:
        """Return what a process has computed and read so far; None if it has gone."""
        return read_vitals(pid)


def in_thread(name: str, call: Callable[[], None]) -> None:
    """Call in a thread of its own, for which the program's end does not wait.

    Raises: RuntimeError if no more threads can be had.
    """
    threading.Thread(target=call, name=name, daemon=True).start()


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The real one, unless told otherwise."""

    new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    start: Start = Child
    in_thread: Callable[[str, Callable[[], None]], None] = in_thread
    scales: Scales = field(default_factory=Scales)
