"""What the line for memory (`workers.pool.scheduler`) must know of a worker, and asks of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from configs.catalogue import ModelCard
from workers.messages import LoadFailed, Modality
from workers.pool.memory.eviction import ResidentModel
from workers.pool.memory.placement import Placement
from workers.pool.memory.plan import Plan
from workers.pool.memory.tracker import MemoryTracker

from .guard import in_words


class Requester(Protocol):
    """A worker, as the scheduler sees it."""

    modality: Modality

    @property
    def serves(self) -> tuple[Modality, ...]:
        """Whose default models live in its process: more than its own, if its model sees."""

    @property
    def is_leaving(self) -> bool:
        """Whether its process has been told to exit."""

    @property
    def is_wanted(self) -> bool:
        """Whether somebody waits for it; one that is only warmed lets nobody else leave."""

    def resident(self, reserved_mib: Mapping[str, int], *, is_pinned: bool) -> ResidentModel:
        """Return itself with what it holds."""

    def admit(self, card: ModelCard, placement: Placement) -> None:
        """Start: the memory is there."""

    def refuse(self, card: ModelCard, failure: LoadFailed) -> None:
        """Give up: there is no room, and there will be none."""

    def evict(self, for_whom: str) -> None:
        """Leave as soon as nothing runs; at once if nothing does."""


@dataclass(slots=True, kw_only=True)
class MemoryRequest:
    """A worker that wants to start with a model."""

    who: Requester
    card: ModelCard
    since: float
    placements: tuple[Placement, ...] | None = None
    """Where the model could run; None: that is being worked out, and others go first."""


def not_served(card: ModelCard, err: Exception) -> LoadFailed:
    """Say that something failed that must not."""
    sentence = f"{card.name} could not be given memory: {in_words(err)}."
    return LoadFailed(code="load_failed", message=sentence, hint="The log says more.")


def will_not_fit(
    plan: Plan, card: ModelCard, tracker: MemoryTracker, workers: Mapping[str, Requester]
) -> LoadFailed:
    """Say that there is no room for a model whoever leaves, and what to do.

    The pins that are named may be of modalities that live with another: see `Requester.serves`.
    """
    awake = tracker.allocations().keys() - {card.modality}
    keeping = {name for worker in awake for name in workers[worker].serves} & tracker.pinned
    pinned = ", ".join(sorted(keeping))
    unpin = f", unpin a worker ({pinned})" if pinned else ""
    advice = f"Choose a smaller model{unpin}, or raise the memory budget."
    return LoadFailed(
        code="out_of_memory",
        message=f"{plan.name} {plan.words}: {plan.numbers}.",
        hint=plan.advice.strip() or advice,
    )
