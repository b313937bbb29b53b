"""Which cores belong to whom: everybody's while one works, shared out while several do.

An engine's threads wait for each other; one of them without a core holds up all. So workers that are
busy at the same time get cores of their own, and get them back when the others rest. The engines need
not know: it is the affinity of their threads, set from outside. Systems without it (macOS, Windows)
are left to their own scheduler.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from workers.messages import Modality
from workers.pool.memory.machine import family_pids

FIRST: tuple[Modality, ...] = ("text", "tts", "stt", "vision", "rag")
"""Who gets a core that does not go round: where somebody listens or reads along."""


def share_cores(busy: Sequence[Modality], cores: Sequence[int]) -> dict[Modality, set[int]]:
    """Return the cores of each busy worker: all, if it is alone or if they do not go round."""
    if len(busy) < 2 or len(busy) > len(cores):
        return {name: set(cores) for name in busy}
    each, left = divmod(len(cores), len(busy))
    shares: dict[Modality, set[int]] = {}
    start = 0
    for place, name in enumerate(sorted(busy, key=FIRST.index)):
        count = each + (place < left)
        shares[name] = set(cores[start : start + count])
        start += count
    return shares


class Cores:
    """The cores of this process, and who has which of them."""

    def __init__(self) -> None:
        has_affinity = hasattr(os, "sched_setaffinity")
        self._cores = sorted(os.sched_getaffinity(0)) if has_affinity else []
        self._given: dict[int, set[int]] = {}
        self._due: dict[int, set[int]] = {}

    @property
    def is_due(self) -> bool:
        """Whether `bind` has something to do."""
        return bool(self._due)

    def share(self, busy: Mapping[Modality, int], idle: Sequence[int]) -> None:
        """Hand the cores to busy workers, by process id; those who rest may use any.

        They have them once `bind` was called.
        """
        if not self._cores:
            return
        shares = share_cores(tuple(busy), self._cores)
        wanted = {pid: shares[name] for name, pid in busy.items()}
        wanted |= {pid: set(self._cores) for pid in idle}
        for pid, cores in wanted.items():
            if self._given.get(pid, set(self._cores)) != cores:
                self._due = {**self._due, pid: cores}
        self._given = wanted

    def bind(self) -> None:
        """Tell the system who has which. From any thread, but one at a time."""
        due, self._due = self._due, {}
        for pid, cores in due.items():
            _bind(pid, cores)


def _bind(pid: int, cores: set[int]) -> None:
    """Bind all threads of a process and of those it has started; what they start later inherits it."""
    for member in family_pids(pid):
        _bind_one(member, cores)


def _bind_one(pid: int, cores: set[int]) -> None:
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return  # it has gone
    for thread in threads:
        try:
            os.sched_setaffinity(int(thread), cores)
        except OSError:
            continue  # a thread that has just ended
