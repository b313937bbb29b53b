"""Where a model goes: the first of its possible places that can be had. Pure; tested alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from configs.catalogue import ModelCard

from .context import ContextUse
from .eviction import Mib, ResidentModel, choose_victims
from .machine import CPU
from .memory_estimate import MemoryEstimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """One way to run a model."""

    device: str
    """"cpu", "cuda:0" or an engine's own word ("mtl0"): where the weights lie, or most of them."""
    need_mib: Mib
    """What the scheduler reserves: a model on a GPU also takes some RAM."""
    memory_estimate: MemoryEstimate
    """Of that device."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Laid over the card's own: `gpu_layers`, where a part of the layers stays on the CPU."""
    context: ContextUse | None = None
    """None: the model keeps no conversation."""
    may_evict: bool = True
    """Whether others are put to sleep for this. Recognition on a GPU, say, is not worth that: it
    goes to the CPU before chat shrinks."""

    @property
    def memory_device(self) -> str:
        """Where its memory is counted: RAM for devices whose own nobody tells."""
        return self.device if self.device in self.need_mib else CPU

    def laid_over(self, card: ModelCard) -> ModelCard:
        """Return the card with what was chosen for this place."""
        return with_options(card, self.options)


def with_options(card: ModelCard, options: Mapping[str, Any]) -> ModelCard:
    """Return the card with more options, which count before its own."""
    return card.model_copy(update={"options": {**card.options, **options}}) if options else card


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Where a model goes, and who leaves for it."""

    placement: Placement
    victims: tuple[ResidentModel, ...] = ()


def place(
    placements: Iterable[Placement], headroom: Mib, residents: Sequence[ResidentModel]
) -> Decision | None:
    """Return the first placement that can be had; None if there is no room for any.

    `headroom` is what could be granted now, by device; below zero where too much is taken already. A
    device that is not in it does not exist. Order says preference: "on the GPU, after others have
    left" comes before "on the CPU" if that placement may evict.
    """
    for placement in placements:
        if not placement.need_mib.keys() <= headroom.keys():
            continue
        victims = choose_victims(missing_mib(placement, headroom), residents)
        if victims == () or (victims and placement.may_evict):
            return Decision(placement=placement, victims=victims)
    return None


def missing_mib(placement: Placement, headroom: Mib) -> dict[str, int]:
    """Return what is lacking on each device; zero or less where there is enough."""
    return {device: mib - headroom[device] for device, mib in placement.need_mib.items()}
