"""Frozen snapshots of the pool, for the page's head, health checks and metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from workers.messages import Modality
from workers.pool.memory.machine import DeviceMemory
from workers.pool.memory.memory_estimate import MemoryEstimate
from workers.pool.memory.plan import MemorySnapshot
from workers.pool.memory.tracker import Allocation, Budget

State = Literal["asleep", "loading", "ready", "busy", "stopping", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerStatus:
    """One worker at one moment."""

    modality: Modality
    model: str
    """Name, for people, of the model that is loaded, being loaded or that failed; while asleep, of
    the one that would be woken."""
    state: State
    model_id: str = ""
    """The id of that model's card."""
    together_with: Modality | None = None
    """Whose process its model lives in, where that is not its own: what it holds is counted there."""
    detail: str = ""
    """For people: what is being loaded, or why it failed."""
    progress: float | None = None
    """[0, 1] while loading; None when unknown."""
    device: str = ""
    is_on_graphics: bool = False
    """Whether weights lie on a graphics card, or on another graphics device: Metal, Vulkan …"""
    pid: int | None = None
    resident_mib: int = 0
    """Memory the process holds now; 0 while asleep."""
    granted_mib: int = 0
    """What is reserved where its memory is counted: predicted, or measured before; 0 while asleep."""
    memory_estimate: MemoryEstimate | None = None
    """How that was estimated; None while asleep."""
    is_pinned: bool = False
    """It is not put to sleep for another, nor for being idle."""
    leaves_at: float | None = None
    """When it goes to sleep unless it is used before, by `time.monotonic()`; None: it stays, or sleeps."""
    num_running: int = 0
    num_waiting: int = 0
    slots: int = 0
    threads: int = 0
    """0 while asleep, as `slots`."""
    num_deaths: int = 0
    """How often the process has died unasked since the pool started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryStatus:
    """How much there is, how much of it Quintet may take, and what could still be granted."""

    devices: tuple[DeviceMemory, ...] = ()
    """RAM first, then the graphics cards."""
    budget: Budget = field(default_factory=Budget)
    snapshot: MemorySnapshot = field(default_factory=lambda: MemorySnapshot(headroom_mib={}))
    allocations: Mapping[str, Allocation] = field(default_factory=dict)
    """By modality, of those that have a process: what each was granted and holds, by device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolStatus:
    """All workers at one moment."""

    workers: tuple[WorkerStatus, ...] = ()
    main_resident_mib: int = 0
    memory: MemoryStatus = field(default_factory=MemoryStatus)

    @property
    def resident_mib(self) -> int:
        """Memory of all processes together, in MiB (shared pages counted in each)."""
        return self.main_resident_mib + sum(worker.resident_mib for worker in self.workers)
