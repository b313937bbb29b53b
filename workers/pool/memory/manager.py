"""What a pool asks of memory: what is reserved, where models can go, and what they were seen to use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from configs.catalogue import ModelCard
from configs.settings import MemorySettings, Settings

from .estimator import CoLocated, Estimator
from .machine import read_memory
from .measured import MeasuredPeaks
from .plan import Places
from .tracker import Budget, MemoryTracker

Record = Callable[[ModelCard, str, int], None]
"""From a card, a device and a peak in MiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryManager:
    """The memory of all modalities, with its estimates."""

    tracker: MemoryTracker
    places: Places
    record: Record


def build_memory_manager(
    settings: Settings, co_located: CoLocated = lambda card: ()
) -> MemoryManager:
    """Return the memory manager of one Quintet on this machine."""
    capacity_mib = {memory.device: memory.total_mib for memory in read_memory()}
    estimator = Estimator(settings, MeasuredPeaks(settings.data_dir), capacity_mib, co_located)
    tracker = MemoryTracker(read_memory, budget_of(settings.memory), settings.memory.pinned)
    return MemoryManager(tracker=tracker, places=estimator.placements, record=estimator.record)


def budget_of(settings: MemorySettings) -> Budget:
    """Return the user's bounds in MiB."""

    def mib(num_bytes: int | None) -> int | None:
        return None if num_bytes is None else num_bytes >> 20

    return Budget(
        ram_mib=mib(settings.budget),
        vram_mib=mib(settings.vram_budget),
        leave_room_mib=settings.leave_room >> 20,
    )
