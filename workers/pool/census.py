"""What every process of the pool holds at this moment, and the highest that each was seen to hold."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from configs.catalogue import ModelCard
from workers.pool.memory.ledger import Ledger
from workers.pool.memory.machine import CPU

from .guard import Guard
from .handle import WorkerHandle
from .host import Scales


class Census:
    """Looks twice a second; what it saw goes into the ledger."""

    def __init__(self, ledger: Ledger, scales: Scales, guard: Guard) -> None:
        self._ledger = ledger
        self._guard = guard
        self._scales = scales
        self.main_mib = scales.main_mib()
        """What the page's own process held at the last look."""
        self._resident_mib: dict[int, int] = {}
        self._peaks_mib: dict[tuple[int, str], int] = {}
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="peaks")

    def resident_mib(self, pid: int | None) -> int:
        """Return the RAM that a process held at the last look; 0 if it was not there."""
        return self._resident_mib.get(pid or 0, 0)

    def look(self, handles: Iterable[WorkerHandle]) -> None:
        """Measure every process, and note peaks that are new."""
        self._guard.run("measuring the page", self._look_at_main)
        pids = {pid: handle for handle in handles if (pid := handle.pid) is not None}
        self._resident_mib = {pid: mib for pid, mib in self._resident_mib.items() if pid in pids}
        self._peaks_mib = {key: mib for key, mib in self._peaks_mib.items() if key[0] in pids}
        for pid, handle in pids.items():
            self._guard.run("measuring a worker", self._look_at, pid, handle)

    def _look_at_main(self) -> None:
        self.main_mib = self._ledger.account.main_mib = self._scales.main_mib()

    def _look_at(self, pid: int, handle: WorkerHandle) -> None:
        held_mib = self._scales.held_mib(pid)
        self._resident_mib[pid] = held_mib[CPU]
        self._ledger.account.observe(handle.modality, held_mib)
        placement = handle.holder.placement
        if placement is not None and handle.loaded is not None:
            device_mib = held_mib.get(placement.device, 0)
            if placement.device == CPU:
                device_mib = max(device_mib, self._scales.peak_mib(pid))
            self.note_peak(pid, handle.holder.card, placement.device, device_mib)

    def note_peak(self, pid: int, card: ModelCard, device: str, mib: int) -> None:
        """Remember what a process was seen to hold, if it is more than before.

        The book is a file that another Quintet may hold for a second: that is not waited for here.
        """
        if mib > self._peaks_mib.get((pid, device), 0):
            self._peaks_mib[pid, device] = mib
            with contextlib.suppress(RuntimeError):  # the program ends, and takes no more work
                self._writing.submit(self._record, card, device, mib)

    def close(self) -> None:
        """Wait until the peaks are written."""
        self._writing.shutdown()

    @property
    def _record(self) -> Callable[[ModelCard, str, int], None]:
        return self._ledger.record
