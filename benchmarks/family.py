"""What a process and its children hold, looked at from outside every 20 ms: the pool is not asked.

Resident pages that several share (libraries, mapped files) are counted in each, so the sum is above
the truth rather than below it.
"""

from __future__ import annotations

import os
import threading
import time
from array import array
from pathlib import Path
from types import TracebackType

import psutil

from workers.pool.memory.machine import MIB, process_gpu_mib, read_memory

PERIOD_S = 0.02
GPU_PERIOD_S = 0.1


class FamilySampler:
    """A thread that adds up this process and its children."""

    def __init__(self) -> None:
        self.totals_mib = array("I")
        """One sum for each look."""
        self.peaks_mib: dict[int, int] = {}
        """Process id of a child → the most that it was seen to hold."""
        self._main = psutil.Process()
        self._known: dict[int, psutil.Process] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="family", daemon=True)

    def __enter__(self) -> FamilySampler:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        err: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(PERIOD_S):
            self.totals_mib.append(self._look())

    def _look(self) -> int:
        """Return MiB.

        A child counts from the second look on: before it has become another program it shows the
        pages of its parent as its own.
        """
        found = {pid: self._known.get(pid) for pid in child_pids()}
        total = self._main.memory_info().rss
        for pid, process in found.items():
            try:
                if process is None:
                    found[pid] = psutil.Process(pid)
                    continue
                resident = process.memory_info().rss
            except psutil.Error:
                continue  # it ended between two looks
            total += resident
            self.peaks_mib[pid] = max(self.peaks_mib.get(pid, 0), resident // MIB)
        self._known = {pid: process for pid, process in found.items() if process is not None}
        return int(total) // MIB


def child_pids() -> list[int]:
    """Return our own children. Linux is asked for them alone: psutil looks at all processes, 10 ms."""
    try:
        threads = os.listdir("/proc/self/task")
        found = (Path(f"/proc/self/task/{tid}/children").read_text() for tid in threads)
        return [int(pid) for line in found for pid in line.split()]
    except OSError:
        return [child.pid for child in psutil.Process().children()]


def private_mib(pid: int) -> int:
    """Return what only this process holds and no file backs: what must come back when it ends."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")) // 1024


def wait_until_gone(pids: set[int], timeout_s: float = 30.0) -> set[int]:
    """Return those that are still there when the time is over."""
    give_up = time.monotonic() + timeout_s
    while pids and time.monotonic() < give_up:
        pids = {pid for pid in pids if psutil.pid_exists(pid)}
        time.sleep(0.01)
    return pids


class GpuSampler:
    """A thread that adds up what our children hold of all graphics cards; 0 where there is none."""

    def __init__(self) -> None:
        self.peak_mib = 0
        self._has_card = len(read_memory()) > 1
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="gpu", daemon=True)

    def reset(self) -> None:
        """Forget the peak."""
        self.peak_mib = 0

    def __enter__(self) -> GpuSampler:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        err: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while self._has_card and not self._stop.wait(GPU_PERIOD_S):
            held = sum(sum(process_gpu_mib(pid).values()) for pid in child_pids())
            self.peak_mib = max(self.peak_mib, held)
