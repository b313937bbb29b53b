"""What the machine has left and what every process of the pool holds, looked at in a thread.

A look reads some files for each process, and asks the graphics driver: milliseconds, which tokens do not
wait for. The loop counts with the last look that is through.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from configs.catalogue import ModelCard
from workers.pool.memory.machine import CPU
from workers.pool.memory.manager import MemoryManager
from workers.pool.memory.placement import Placement

from .estimates import Estimates
from .handle import WorkerHandle
from .sample import Sample
from .vitals import Vitals
from .world import World

QUIET_LOOK_S = 0.9
"""While nobody works, the machine is looked at once in so long, at least."""
FULL_LOOK_S = 5.0
"""What a process holds that rests stays as it is: it is weighed so seldom."""


class RssSampler:
    """Looks when it is told to, one look at a time; what it saw goes to the memory manager."""

    def __init__(
        self,
        memory: MemoryManager,
        estimates: Estimates,
        world: World,
        handles: Callable[[], Iterable[WorkerHandle]],
        on_sample: Callable[[], None],
    ) -> None:
        """`on_sample` is called on the loop after each look."""
        self.latest = Sample()
        self._memory = memory
        self._estimates = estimates
        self._world = world
        self._handles = handles
        self._on_sample = on_sample
        self._is_looking = False
        self._next_full = 0.0
        self._at_work: set[int] = set()
        self._is_asked_about: set[int] = set()
        self._peaks_mib: dict[tuple[int, str], int] = {}
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="peaks")

    def resident_mib(self, pid: int | None) -> int:
        """Return the RAM that a process used at the last look; 0 if it was not there."""
        return self.latest.in_use_mib.get(pid or 0, {}).get(CPU, 0)

    def vitals(self, pid: int | None) -> Vitals | None:
        """Return what a process had done by the last look; the next one looks if this one did not."""
        if pid is None:
            return None
        self._is_asked_about.add(pid)
        return self.latest.vitals.get(pid)

    def look(self, *, is_quiet: bool = False) -> None:
        """Look in a thread, unless that is going on; less often while it `is_quiet`."""
        if self._is_looking:
            return
        now = self._world.now
        weighed = self._due(now)
        is_recent = now - self.latest.taken < QUIET_LOOK_S
        if is_quiet and is_recent and not weighed and not self._is_asked_about:
            return
        self._is_looking = True
        sample = self._blank()
        self._world.aside("sample", lambda: self._fill(sample, weighed), self._take)

    def _due(self, now: float) -> set[int]:
        """Return which processes are to be weighed: those that work, or did so at the last look."""
        pids = {handle.pid: handle.is_at_rest for handle in self._handles() if handle.pid}
        working = {pid for pid, is_at_rest in pids.items() if not is_at_rest}
        due, self._at_work = (working | self._at_work) & pids.keys(), working
        if now >= self._next_full:
            self._next_full = now + FULL_LOOK_S
            return {*pids}
        return due

    def look_now(self) -> None:
        """Look before the loop runs."""
        self._note(self._fill(self._blank(), ()))

    def close(self) -> None:
        """Wait until the peaks are written."""
        self._writing.shutdown()

    # --- in a thread ------------------------------------------------------------------------------

    def _blank(self) -> Sample:
        pids = {pid for handle in self._handles() if (pid := handle.pid) is not None}
        asked_about, self._is_asked_about = self._is_asked_about & pids, set()
        return Sample(
            taken=self._world.now,
            devices=self.latest.devices,
            main_mib=self.latest.main_mib,
            in_use_mib={pid: self.latest.in_use_mib.get(pid, {}) for pid in pids},
            vitals=dict.fromkeys(asked_about),
        )

    def _fill(self, sample: Sample, weighed: Iterable[int]) -> Sample:
        """Each thing on its own: what cannot be seen keeps nothing else from being looked at."""
        guard = self._world.guard
        guard.run("measuring the page", self._look_at_main, sample)
        for pid in weighed:
            guard.run("measuring a worker", self._look_at, sample, pid)
        guard.run("looking at the memory", self._look_at_devices, sample)
        for pid in sample.vitals:
            guard.run("looking at a worker's work", self._look_at_work, sample, pid)
        return sample

    def _look_at_main(self, sample: Sample) -> None:
        sample.main_mib = self._world.host.scales.main_mib()

    def _look_at_devices(self, sample: Sample) -> None:
        sample.devices = self._memory.tracker.devices()

    def _look_at(self, sample: Sample, pid: int) -> None:
        sample.in_use_mib[pid] = self._world.host.scales.in_use_mib(pid)
        sample.peak_mib[pid] = self._world.host.scales.peak_mib(pid)

    def _look_at_work(self, sample: Sample, pid: int) -> None:
        sample.vitals[pid] = self._world.host.scales.vitals(pid)

    # --- on the loop ------------------------------------------------------------------------------

    def _take(self, seen: Sample | Exception) -> None:
        self._is_looking = False
        if isinstance(seen, Exception):
            self._world.guard.tell("a look at the machine", seen)
            return
        self._note(seen)
        self._on_sample()

    def _note(self, sample: Sample) -> None:
        self.latest = sample
        self._memory.tracker.main_mib = sample.main_mib
        self._peaks_mib = {
            key: mib for key, mib in self._peaks_mib.items() if key[0] in sample.in_use_mib
        }
        for handle in self._handles():
            in_use_mib = sample.in_use_mib.get(handle.pid or 0)
            if in_use_mib:
                self._memory.tracker.observe(handle.modality, in_use_mib)
                self._note_peak_of(handle, sample, in_use_mib)

    def _note_peak_of(
        self, handle: WorkerHandle, sample: Sample, in_use_mib: Mapping[str, int]
    ) -> None:
        placement, pid = handle.supervisor.placement, handle.pid
        if placement is None or pid is None or handle.loaded is None:
            return
        device_mib = in_use_mib.get(placement.memory_device, 0)
        if placement.memory_device == CPU:
            device_mib = max(device_mib, sample.peak_mib.get(pid, 0))
        self.note_peak(pid, handle.supervisor.card, placement, device_mib)

    def note_peak(self, pid: int, card: ModelCard, placement: Placement, mib: int) -> None:
        """Remember what a process was seen to hold, if it is more than before.

        The book is a file that another Quintet may hold for a second: that is not waited for here.
        """
        if mib > self._peaks_mib.get((pid, placement.device), 0):
            self._peaks_mib[pid, placement.device] = mib
            with contextlib.suppress(RuntimeError):  # the program ends, and takes no more work
                self._writing.submit(self._record, card, placement, mib)

    def _record(self, card: ModelCard, placement: Placement, mib: int) -> None:
        self._memory.record(placement.laid_over(card), placement.device, mib)
        if self._estimates.known(card) is not None:
            self._estimates.work_out(card)
