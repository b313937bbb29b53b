"""Who is served next by a worker that holds one model at a time. Pure; tested alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

Model = TypeVar("Model")


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulingDecision:
    """What the line of waiting requests asks for."""

    num_to_send: int
    """So many from the front can be worked on now."""
    must_change: bool
    """Nothing runs, and whoever comes next wants another model."""


def next_decision(
    wanted: Sequence[Model], loaded: Model, *, num_running: int, num_slots: int
) -> SchedulingDecision:
    """First come, first served, whatever the model: nobody is overtaken, so nobody starves.

    `wanted` is the model of each waiting request, in the order in which they came. What runs is
    never cut short: the model changes only when nothing runs any more.
    """
    num_free = max(0, num_slots - num_running)
    num_to_send = 0
    for model in wanted[:num_free]:
        if model != loaded:
            break
        num_to_send += 1
    is_blocked = num_to_send < len(wanted) and wanted[num_to_send] != loaded
    return SchedulingDecision(
        num_to_send=num_to_send, must_change=is_blocked and num_running + num_to_send == 0
    )
