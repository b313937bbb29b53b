"""What loading a model would take, told before anybody clicks. Pure.

The same function that the scheduler decides by, asked about the memory of a moment ago.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from configs.catalogue import ModelCard
from workers.messages.amounts import memory_words
from workers.pool.speed.speed_estimate import SpeedEstimate

from .context import ContextUse
from .eviction import ResidentModel
from .machine import CPU
from .placement import Decision, Placement, place

Outcome = Literal["fits", "fits_after_sleep", "cpu_only", "too_large"]

Places = Callable[[ModelCard], Sequence[Placement]]
"""From a card to where it could run, the best place first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemorySnapshot:
    """The memory at one moment: what could be granted, and to whom the rest was."""

    headroom_mib: Mapping[str, int]
    """By device; below zero where too much is taken."""
    residents: tuple[ResidentModel, ...] = ()

    def without(self, name: str) -> MemorySnapshot:
        """Return what it would be without one worker."""
        headroom_mib = dict(self.headroom_mib)
        for resident in self.residents:
            for device, mib in resident.reserved_mib.items() if resident.name == name else ():
                headroom_mib[device] = headroom_mib.get(device, 0) + mib
        return MemorySnapshot(
            headroom_mib=headroom_mib,
            residents=tuple(resident for resident in self.residents if resident.name != name),
        )

    def most_mib(self, device: str) -> int:
        """Return what could be granted on a device if everybody left who may."""
        leaving = sum(t.reserved_mib.get(device, 0) for t in self.residents if not t.is_pinned)
        return self.headroom_mib.get(device, 0) + leaving


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What loading a model would take."""

    model_id: str
    name: str
    """The model's, for people."""
    outcome: Outcome
    placement: Placement
    """Where it would go; the last resort if it fits nowhere."""
    free_mib: int
    """What can be granted there now, or what could be if everybody left (`too_large`)."""
    sleep: tuple[str, ...] = ()
    """Names of the models that would be put to sleep."""
    is_waiting: bool = False
    """One of them is at work and would be waited for."""
    instead: tuple[str, ...] = ()
    """Names of models for the same work that fit, the largest first."""
    speed: SpeedEstimate | None = None
    """How fast it would work there; None where nobody can tell, or not yet."""

    @property
    def memory_device(self) -> str:
        """Where its memory is counted."""
        return self.placement.memory_device

    @property
    def need_mib(self) -> int:
        """What the scheduler reserves where the placement's memory is counted."""
        return self.placement.need_mib[self.placement.memory_device]

    def __str__(self) -> str:
        return f"{self.name} {self.words}: {self.numbers}.{self.pace}{self.advice}"

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "model_id": self.model_id,
            "outcome": self.outcome,
            "sentence": str(self),
            "device": self.placement.device,
            "need_mib": self.need_mib,
            "is_measured": self.placement.memory_estimate.is_measured,
            "free_mib": max(0, self.free_mib),
            "sleep": list(self.sleep),
            "instead": list(self.instead),
            "context": self.context.as_dict() if self.context is not None else None,
            "speed": self.speed.as_dict() if self.speed is not None else None,
        }

    @property
    def context(self) -> ContextUse | None:
        """How long its context would be; None for a model that keeps no conversation."""
        return self.placement.context

    @property
    def words(self) -> str:
        """The outcome in a few words: "fits now", "fits after putting Whisper tiny to sleep"."""
        if self.outcome == "too_large":
            return "will not fit"
        sleepers = " and ".join(self.sleep)
        after = f" after putting {sleepers} to sleep" if self.sleep else ""
        if self.is_waiting:
            after += ", once it is idle"
        if self.outcome == "cpu_only":
            return f"fits only on the CPU{after}"
        if self.placement.options.get("gpu_layers"):
            return f"fits with {self.placement.options['gpu_layers']} layers on the GPU{after}"
        return f"fits{after}" if after else "fits now"

    @property
    def numbers(self) -> str:
        """What it needs, and what there is."""
        where = "of RAM" if self.placement.memory_device == CPU else "of graphics memory"
        band = "" if self.placement.memory_estimate.is_measured else "about "
        can = "can be made free" if self.outcome == "too_large" else "are free"
        free = memory_words(max(0, self.free_mib))
        return f"needs {band}{memory_words(self.need_mib)} {where}, {free} {can}"

    @property
    def speed_words(self) -> str:
        """How fast it would be, in words: `SpeedEstimate.words`; "" where it is not known."""
        return self.speed.words if self.speed is not None else ""

    @property
    def pace(self) -> str:
        """The speed as a sentence; "" where it is not known."""
        return f" {self.speed_words[:1].upper()}{self.speed_words[1:]}." if self.speed else ""

    @property
    def advice(self) -> str:
        """The nearest model that fits, as a sentence; "" if there is none or none is needed."""
        return f" Try {self.instead[0]}." if self.instead else ""


def plan(
    card: ModelCard, snapshot: MemorySnapshot, places: Places, others: Iterable[ModelCard] = ()
) -> Plan:
    """Return what it takes to load a card's model. `others` could do the same work.

    The worker of its own modality gives way in any case: a worker holds one model.
    """
    placements = places(card)
    around = snapshot.without(card.modality)
    decision = place(placements, around.headroom_mib, around.residents)
    if decision is None:
        return _too_large(card, placements[-1], around, places, others)
    chosen = decision.placement
    on_cpu_instead = chosen.device == CPU and placements[0].device != CPU
    outcome: Outcome = "fits_after_sleep" if decision.victims else "fits"
    return Plan(
        model_id=card.id,
        name=card.name,
        outcome="cpu_only" if on_cpu_instead else outcome,
        placement=chosen,
        free_mib=around.headroom_mib.get(chosen.memory_device, 0),
        sleep=tuple(resident.model for resident in decision.victims),
        is_waiting=any(resident.is_busy for resident in decision.victims),
    )


def _too_large(
    card: ModelCard,
    placement: Placement,
    around: MemorySnapshot,
    places: Places,
    others: Iterable[ModelCard],
) -> Plan:
    fitting: list[tuple[int, str]] = []
    for other in others:
        if other.is_remote:
            continue  # it costs money, and what is sent leaves the machine: nobody is led there
        decision = _placed(other, around, places)
        if other.id != card.id and decision is not None:
            fitting.append((decision.placement.memory_estimate.total_mib, other.name))
    return Plan(
        model_id=card.id,
        name=card.name,
        outcome="too_large",
        placement=placement,
        free_mib=around.most_mib(placement.memory_device),
        instead=tuple(name for _, name in sorted(fitting, reverse=True)),
    )


def _placed(card: ModelCard, around: MemorySnapshot, places: Places) -> Decision | None:
    return place(places(card), around.headroom_mib, around.residents)
