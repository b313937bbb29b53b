"""What is written down of many switches, and the numbers that are made of it. Pure."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from .harness import Measurement, percentile_95


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """One request to another model than the one before."""

    model: str
    first_s: float
    """From the request to the first output."""
    total_s: float
    was_load: bool
    """Whether a process was started for it."""
    is_alone: bool


@dataclass(slots=True, kw_only=True)
class Load:
    """One process."""

    model: str
    predicted_mib: int
    granted_mib: int
    is_measured: bool
    """Whether the model had been measured before it was granted memory."""
    peak_mib: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """All workers put to sleep at once."""

    private_mib: int
    back_mib: int
    """How much more the whole machine had available then, others' doings included."""


def rows(
    switches: list[Switch], loads: list[Load], checkpoints: list[Checkpoint]
) -> list[Measurement]:
    """Return the rows about time, predictions, and what came back."""
    return [
        *_times(switches),
        *_predictions(loads),
        *_back([check for check in checkpoints if check.private_mib]),
    ]


def _times(switches: list[Switch]) -> list[Measurement]:
    found = []
    for name, is_alone in (("one at a time", True), ("three at a time", False)):
        loads = [s.first_s for s in switches if s.was_load and s.is_alone is is_alone]
        if loads:
            found.append(
                Measurement(
                    what=f"switches: seconds to first output with a load, {name} (median)",
                    value=statistics.median(loads),
                    unit="s",
                    runs=len(loads),
                    note=f"p95 {percentile_95(loads):.2f} s, longest {max(loads):.2f} s",
                )
            )
    return found


def _predictions(loads: list[Load]) -> list[Measurement]:
    """Tiny work stays far below what full work would take, so the error says: reserved, not used."""
    found = []
    seen = [load for load in loads if load.peak_mib]
    for name, is_measured in (("predicted", False), ("measured before", True)):
        errors = [
            abs(load.predicted_mib / load.peak_mib - 1)
            for load in seen
            if load.is_measured is is_measured
        ]
        if errors:
            found.append(
                Measurement(
                    what=f"switches: mean error of what was reserved, {name}",
                    value=100 * statistics.mean(errors),
                    unit="%",
                    runs=len(errors),
                    note=f"largest {100 * max(errors):.0f} %",
                )
            )
    beyond = [load.peak_mib - load.granted_mib for load in seen if load.peak_mib > load.granted_mib]
    found.append(
        Measurement(
            what="switches: processes that took more than they were granted",
            value=len(beyond),
            unit="",
            bar="0",
            runs=len(seen),
            note=f"worst {max(beyond, default=0)} MiB more",
        )
    )
    return found


def _back(checkpoints: list[Checkpoint]) -> list[Measurement]:
    if not checkpoints:
        return []
    shares = [check.back_mib / check.private_mib for check in checkpoints]
    return [
        Measurement(
            what="switches: memory that the machine has again after sleep ÷ what only they held",
            value=statistics.median(shares),
            unit="ratio",
            bar="≥ 0.95",
            runs=len(shares),
            note=f"from {min(shares):.2f} to {max(shares):.2f}; others use the machine too",
        )
    ]
