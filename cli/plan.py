"""Whether a model fits into memory, and what would have to go. A pure function of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

Outcome = Literal["fits", "fits_after_sleep", "too_large"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A model that could be loaded."""

    model_id: str
    memory_mib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """A worker that is in memory now."""

    name: str
    memory_mib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What loading a model would take."""

    model_id: str
    memory_mib: int
    free_mib: int
    outcome: Outcome
    sleep: tuple[str, ...] = ()
    """Workers to put to sleep first: as few as possible, and of those the smallest."""
    instead: tuple[str, ...] = ()
    """Models for the same work that fit, the largest first."""

    def __str__(self) -> str:
        need = f"needs {self.memory_mib:,} MiB, {self.free_mib:,} are free"
        if self.outcome == "fits":
            return f"{self.model_id} fits now: {need}."
        if self.outcome == "fits_after_sleep":
            sleepers = " and ".join(self.sleep)
            return f"{self.model_id} fits after putting {sleepers} to sleep: {need}."
        advice = f" Try {self.instead[0]}." if self.instead else ""
        return f"{self.model_id} will not fit: {need}.{advice}"


def plan_load(
    model: Candidate,
    free_mib: int,
    awake: Sequence[Resident] = (),
    others: Sequence[Candidate] = (),
) -> Plan:
    """Return what it takes to load a model into `free_mib` of memory.

    `awake` are workers that may be put to sleep, `others` models that could do the same work.
    """
    sleep = _fewest(awake, model.memory_mib - free_mib)
    outcome: Outcome = "fits" if sleep == () else "fits_after_sleep"
    if sleep is None:
        room_mib = free_mib + sum(worker.memory_mib for worker in awake)
        fitting = [other for other in others if other.memory_mib <= room_mib]
        fitting.sort(key=lambda other: -other.memory_mib)
        outcome, sleep = "too_large", ()
        instead = tuple(other.model_id for other in fitting)
    else:
        instead = ()
    return Plan(
        model_id=model.model_id,
        memory_mib=model.memory_mib,
        free_mib=free_mib,
        outcome=outcome,
        sleep=tuple(worker.name for worker in sleep),
        instead=instead,
    )


def _fewest(awake: Sequence[Resident], missing_mib: int) -> tuple[Resident, ...] | None:
    """Return the fewest workers that free so much, of those the smallest; None: all do not."""
    if missing_mib <= 0:
        return ()
    for count in range(1, len(awake) + 1):
        enough = [
            chosen
            for chosen in combinations(awake, count)
            if sum(worker.memory_mib for worker in chosen) >= missing_mib
        ]
        if enough:
            return min(enough, key=lambda chosen: sum(worker.memory_mib for worker in chosen))
    return None
