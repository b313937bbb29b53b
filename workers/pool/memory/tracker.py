"""What is granted: how much there is, who holds what, how much can still be granted.

One per pool, owned by the pool's loop. Decides by the pure functions beside it and touches no
process. What a worker was granted is its until its process has gone; what the operating system says
is looked at again before every grant, because other programs take memory too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from .eviction import Mib, ResidentModel, choose_victims
from .machine import CPU, DeviceMemory

ReadMemory = Callable[[], tuple[DeviceMemory, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What the user allows; changed while Quintet runs."""

    ram_mib: int | None = None
    """Of all processes together, the page's among them; None: whatever is free."""
    vram_mib: int | None = None
    """Of each graphics card."""
    leave_room_mib: int = 512
    """Of every device, so much stays free for other programs."""

    def limit_mib(self, device: str) -> int | None:
        """Return the budget of a device; None: no budget."""
        return self.ram_mib if device == CPU else self.vram_mib


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """What a worker was granted, and what it was last seen to hold."""

    granted_mib: Mib
    resident_mib: Mib
    peak_mib: Mib = field(default_factory=dict)
    """The most that this process was seen to hold."""

    @property
    def devices(self) -> set[str]:
        """Where it holds anything."""
        return {*self.granted_mib, *self.resident_mib}

    def reserved_mib(self, device: str) -> int:
        """Return what is reserved: it may still grow into what it was granted."""
        return max(self.granted_mib.get(device, 0), self.resident_mib.get(device, 0))

    def growth_mib(self, device: str) -> int:
        """Return how much it may still grow."""
        return self.reserved_mib(device) - self.resident_mib.get(device, 0)


def headroom(
    devices: Iterable[DeviceMemory],
    allocations: Iterable[Allocation],
    main_mib: int,
    budget: Budget,
) -> dict[str, int]:
    """Return what could be granted now, by device; below zero where too much is taken.

    Bounded twice: by the budget less what is reserved, and by what the system has free less what those
    who hold memory may still grow.
    """
    allocations = list(allocations)
    found: dict[str, int] = {}
    for memory in devices:
        device = memory.device
        growth_mib = sum(allocation.growth_mib(device) for allocation in allocations)
        room_mib = memory.free_mib - budget.leave_room_mib - growth_mib
        limit_mib = budget.limit_mib(device)
        if limit_mib is not None:
            reserved_mib = sum(allocation.reserved_mib(device) for allocation in allocations)
            own_mib = main_mib if device == CPU else 0
            room_mib = min(room_mib, limit_mib - own_mib - reserved_mib)
        found[device] = room_mib
    return found


class MemoryTracker:
    """Grants and budgets. Every method belongs to the pool's loop."""

    def __init__(self, read_memory: ReadMemory, budget: Budget, pinned: Iterable[str] = ()) -> None:
        self.budget = budget
        self.pinned = set(pinned)
        self._read_memory = read_memory
        self._allocations: dict[str, Allocation] = {}
        self.main_mib = 0
        """What the page's own process holds."""

    def grant(self, name: str, need_mib: Mib) -> None:
        """Reserve memory for a worker whose process is about to start."""
        self._allocations[name] = Allocation(granted_mib=dict(need_mib), resident_mib={})

    def release(self, name: str) -> None:
        """Take back what a worker was granted: its process has gone."""
        self._allocations.pop(name, None)

    def observe(self, name: str, resident_mib: Mib) -> None:
        """Note what a worker's process holds now."""
        allocation = self._allocations.get(name)
        if allocation is None:
            return
        peak_mib = {d: max(mib, allocation.peak_mib.get(d, 0)) for d, mib in resident_mib.items()}
        self._allocations[name] = replace(
            allocation, resident_mib=dict(resident_mib), peak_mib=peak_mib
        )

    def allocation(self, name: str) -> Allocation | None:
        """Return what a worker was granted; None while it has no process."""
        return self._allocations.get(name)

    def allocations(self) -> dict[str, Allocation]:
        """Return what every worker was granted that has a process, by its name."""
        return dict(self._allocations)

    def reserved_mib(self, name: str) -> dict[str, int]:
        """Return what would come free if a worker left."""
        allocation = self._allocations.get(name)
        return (
            {}
            if allocation is None
            else {d: allocation.reserved_mib(d) for d in allocation.devices}
        )

    def devices(self) -> tuple[DeviceMemory, ...]:
        """Look how much the machine has."""
        return self._read_memory()

    def headroom(self, devices: Iterable[DeviceMemory]) -> dict[str, int]:
        """Return what could be granted now, by device."""
        return headroom(devices, self._allocations.values(), self.main_mib, self.budget)

    def over_budget(
        self,
        devices: Iterable[DeviceMemory],
        residents: Iterable[ResidentModel],
        leaving: Iterable[str] = (),
    ) -> tuple[ResidentModel, ...]:
        """Return which idle workers must leave because more is in use than is allowed, or is there.

        What was granted and is not used yet is no reason: only what is really in use. `leaving` are
        the names of those whose memory comes back in a moment: nobody else must go for it.
        """
        missing: dict[str, int] = {}
        soon = [self._allocations[name] for name in leaving if name in self._allocations]
        for memory in devices:
            resident_mib = sum(
                allocation.resident_mib.get(memory.device, 0)
                for allocation in self._allocations.values()
            )
            limit_mib = self.budget.limit_mib(memory.device)
            over_mib = self.budget.leave_room_mib // 2 - memory.free_mib
            if limit_mib is not None:
                own_mib = self.main_mib if memory.device == CPU else 0
                over_mib = max(over_mib, own_mib + resident_mib - limit_mib)
            soon_mib = sum(allocation.resident_mib.get(memory.device, 0) for allocation in soon)
            missing[memory.device] = over_mib - soon_mib
        idle = [resident for resident in residents if not resident.is_busy]
        return choose_victims(missing, idle) or self._all_that_help(missing, idle)

    @staticmethod
    def _all_that_help(
        missing: Mapping[str, int], idle: list[ResidentModel]
    ) -> tuple[ResidentModel, ...]:
        """Return every idle worker that holds what is missing, if all of them are not enough."""
        devices = [device for device, mib in missing.items() if mib > 0]
        return tuple(
            resident
            for resident in idle
            if not resident.is_pinned
            and any(resident.reserved_mib.get(device, 0) for device in devices)
        )
