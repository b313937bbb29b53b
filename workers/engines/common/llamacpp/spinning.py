"""Threads that wait for cores spin no more: libgomp's long spin is cut while somebody else computes.

A thread that spins for one that has no core takes it away from that one. How long libgomp's threads
spin is fixed when it loads (`GOMP_SPINCOUNT`), but it has a second, short spin (with
`OMP_WAIT_POLICY=passive`: none) for when it manages more threads than there are cores. So a team of
threads that do nothing switches the spin off at once, and its end switches it on again. Measured on
two cores with 25 other programs: 0.3 tokens/s spinning, 29 calmed.

When to: Linux counts how long each thread was ready to run and had no core (`schedstat`), whoever
took it, another worker or a stranger's program. Elsewhere nothing is done, and nothing is needed:
llama.cpp has its own threads there.

Source: libgomp's config/linux/wait.h (`do_spin`), team.c (`gomp_managed_threads`); GOMP_parallel is
the entry that compilers call.
"""

from __future__ import annotations

import ctypes
import math
import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

LOOK_S = 0.1
"""Between two looks while something is computed."""
CROWDED, ROOMY = 0.6, 0.3
"""Seconds that the threads waited for a core, per second of computing: from where the spin is cut, and
below which it comes back. Two threads on one core wait 1 s each second; on two quiet cores 0.05 to
0.15 s, spinning or not."""
MEMORY_S = 0.3
"""Time constant of the smoothing."""
_TASKS = Path("/proc/self/task")
_LINE_BYTES = 100
"""More than three numbers of 64 bits."""


class SpinGuard:
    """Watches this process's threads while it computes; one for each process.

    To be made once the engine's library is imported.
    """

    def __init__(self, *, is_steering: bool = True) -> None:
        """Without `is_steering` it does nothing: what computes is another process."""
        gomp = _find_libgomp() if is_steering else None
        self._at_work = 0
        self._changed = threading.Condition()
        self._is_closed = False
        self._is_steering = threading.Event()
        if gomp is not None:
            threading.Thread(target=self._watch, args=(gomp,), name="spin", daemon=True).start()
            self._is_steering.wait()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Watch while the block lasts; from any number of threads."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def close(self) -> None:
        """Let the spin be as it was."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _count(self, change: int) -> None:
        with self._changed:
            self._at_work += change
            self._changed.notify_all()

    def _watch(self, gomp: ctypes.CDLL) -> None:
        ballast: Ballast | None = None
        crowding, waits = Crowding(), CoreWaits()
        self._is_steering.set()
        while self._wait_for_work():
            crowding.begin(waits.total_s(), time.monotonic())
            while self._is_computing():
                time.sleep(LOOK_S)
                crowding.look(waits.total_s(), time.monotonic())
                if crowding.is_crowded and ballast is None:
                    ballast = Ballast(gomp)
                elif not crowding.is_crowded and ballast is not None:
                    ballast.drop()
                    ballast = None
        waits.close()
        if ballast is not None:
            ballast.drop()

    def _is_computing(self) -> bool:
        return self._at_work > 0 and not self._is_closed

    def _wait_for_work(self) -> bool:
        """Return true when there is some, false when there will be none."""
        with self._changed:
            self._changed.wait_for(lambda: self._at_work > 0 or self._is_closed)
        return not self._is_closed


class Crowding:
    """Whether threads lack cores, from how long they waited: smoothed, and with two thresholds.

    One look is not enough: on a quiet machine somebody else's burst of 30 ms is two thirds of it.
    """

    def __init__(self) -> None:
        self.share = 0.0
        """Seconds that the threads waited for a core, per second of computing, lately."""
        self.is_crowded = False
        self._waited_s = self._looked = 0.0

    def begin(self, waited_s: float, now: float) -> None:
        """Computing begins; how it was before that does not count."""
        self._waited_s, self._looked = waited_s, now

    def look(self, waited_s: float, now: float) -> None:
        """Take in how long the threads have waited in all."""
        passed_s = max(1e-6, now - self._looked)
        share = max(0.0, waited_s - self._waited_s) / passed_s
        weight = 1 - math.exp(-passed_s / MEMORY_S)
        self.share += weight * (share - self.share)
        self._waited_s, self._looked = waited_s, now
        self.is_crowded = self.share > (ROOMY if self.is_crowded else CROWDED)


class Ballast:
    """Idle threads of libgomp: more than there are cores."""

    def __init__(self, gomp: ctypes.CDLL) -> None:
        self._gomp = gomp
        self._is_there = threading.Event()
        self._may_go = threading.Event()
        self._thread = threading.Thread(target=self._hold, name="ballast", daemon=True)
        self._thread.start()
        self._is_there.wait()

    def drop(self) -> None:
        """Let them end."""
        self._may_go.set()
        self._thread.join()

    def _hold(self) -> None:
        # The work of each: free(NULL), which does nothing.
        nothing = ctypes.cast(ctypes.CDLL(None).free, ctypes.c_void_p)
        num_threads = ctypes.c_uint((os.cpu_count() or 1) + 1)
        self._gomp.GOMP_parallel(nothing, None, num_threads, ctypes.c_uint(0))
        self._is_there.set()
        self._may_go.wait()


class CoreWaits:
    """How long this process's threads have been ready to run without a core.

    Each thread's file stays open: opened anew for every look, twenty cost 0.35 ms, and so 0.04 ms.
    """

    def __init__(self) -> None:
        self._files: dict[str, int] = {}

    def total_s(self) -> float:
        """Return the sum over the threads that live now. Raises: OSError where the system has no such list."""
        for thread in os.listdir(_TASKS):
            if thread not in self._files:
                with suppress(OSError):  # it has just ended
                    self._files[thread] = os.open(_TASKS / thread / "schedstat", os.O_RDONLY)
        return sum(self._waited_ns(thread) for thread in tuple(self._files)) / 1e9

    def close(self) -> None:
        """Close the files."""
        while self._files:
            os.close(self._files.popitem()[1])

    def _waited_ns(self, thread: str) -> int:
        try:
            return int(os.pread(self._files[thread], _LINE_BYTES, 0).split()[1])
        except OSError:  # it has ended
            os.close(self._files.pop(thread))
            return 0


def _find_libgomp() -> ctypes.CDLL | None:
    """Return the libgomp that the engine's library has loaded; None if there is none to steer."""
    try:
        maps = Path("/proc/self/maps").read_text()
        with closing(CoreWaits()) as waits:
            waits.total_s()
    except (OSError, IndexError, ValueError):
        return None
    paths = {line.split()[-1] for line in maps.splitlines() if "libgomp" in line}
    if len(paths) != 1:
        return None
    gomp = ctypes.CDLL(paths.pop())
    return gomp if hasattr(gomp, "GOMP_parallel") else None
