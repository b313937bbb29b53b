"""The memory of each device: who uses what, what is set aside, what is free; in words and as a bar. Pure.

|page|text##//////|stt###//|                        free                         |
      in use set aside                                                      limit
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from ui.core.titles import TITLES
from workers.client import CPU, Allocation, DeviceMemory, PoolStatus
from workers.messages.amounts import memory_words, share_words

COARSE_MIB = 50
"""MiB. The system's free memory varies all the time: a limit that depends on it is shown in these steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryShare:
    """What one process takes of a device."""

    kind: str
    """Its modality, or "page"."""
    used_mib: int
    growth_mib: int = 0
    """What is set aside for it beyond that: it may still grow into it."""

    @property
    def title(self) -> str:
        """For people: "Text: 0.3 GB in use, 0.1 more set aside"."""
        name = TITLES.get(self.kind, "Page")
        more = f", {memory_words(self.growth_mib)} more set aside" if self.growth_mib else ""
        return f"{name}: {memory_words(self.used_mib)} in use{more}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceUse:
    """How a device is divided up."""

    name: str
    """In a word: "RAM", "GPU"."""
    about: str
    """The device's own name."""
    shares: tuple[MemoryShare, ...]
    limit_mib: int
    """What all may use together: the budget, or what the system leaves if that is less."""
    why: str
    """Where the limit comes from."""

    @property
    def used_mib(self) -> int:
        """What all use now."""
        return sum(share.used_mib for share in self.shares)

    @property
    def reserved_mib(self) -> int:
        """What is set aside for all: in use, or what they may still grow into."""
        return self.used_mib + sum(share.growth_mib for share in self.shares)

    @property
    def over_mib(self) -> int:
        """How much more is in use than may be."""
        return max(0, self.used_mib - self.limit_mib)

    @property
    def label(self) -> str:
        """The numbers: "1.1 GB in use · 1.9 GB set aside · 17 GB free"."""
        return " · ".join(f"{amount} {word}" for amount, word in self.totals)

    @property
    def totals(self) -> tuple[tuple[str, str], ...]:
        """The same as pairs of an amount and its word."""
        used = (memory_words(self.used_mib), "in use")
        if self.over_mib:
            limit = memory_words(self.limit_mib)
            return used, (memory_words(self.over_mib), f"over the limit of {limit}")
        free_mib = max(0, self.limit_mib - self.reserved_mib)
        aside = (memory_words(self.reserved_mib), "set aside")
        return used, aside, (memory_words(free_mib), "free")

    @property
    def short(self) -> str:
        """Where there is little room: "RAM 1.1 of 17.0 GB in use"."""
        return f"{self.name} {share_words(self.used_mib, self.limit_mib)} in use"


def device_uses(status: PoolStatus) -> tuple[DeviceUse, ...]:
    """Return RAM first, then the graphics cards."""
    devices = status.memory.devices
    return tuple(_use(memory, status, len(devices) > 2) for memory in devices)


def bar_html(use: DeviceUse) -> str:
    """One device as a bar: solid is in use, pale is set aside, the rest is free."""
    total_mib = max(use.limit_mib, use.reserved_mib, 1)
    pieces = "".join(map(_piece, use.shares))
    free_mib = total_mib - use.reserved_mib
    if free_mib:
        pieces += f'<i class="q-room" style="flex-grow:{free_mib}"></i>'
    if use.limit_mib < total_mib:
        left = f"{100 * use.limit_mib / total_mib:.1f}%"
        pieces += f'<u style="left:{left}" title="Limit: {memory_words(use.limit_mib)}"></u>'
    label = escape(f"{use.name}: {use.label}", quote=True)
    return f'<span class="q-bar" role="img" aria-label="{label}">{pieces}</span>'


def _use(memory: DeviceMemory, status: PoolStatus, is_numbered: bool) -> DeviceUse:
    shares = tuple(_shares(memory.device, status))
    in_use_mib = sum(share.used_mib for share in shares)
    budget = status.memory.budget
    coarse_mib = (in_use_mib + memory.free_mib - budget.leave_room_mib) // COARSE_MIB * COARSE_MIB
    limit_mib, why = max(0, coarse_mib), (
        f"what is free, less {memory_words(budget.leave_room_mib)} left to other programs"
    )  # fmt: skip
    allowed_mib = budget.limit_mib(memory.device)
    if allowed_mib is not None and allowed_mib <= coarse_mib:
        limit_mib, why = allowed_mib, "the budget"
    number = memory.device.rpartition(":")[2] if is_numbered else ""
    return DeviceUse(
        name="RAM" if memory.device == CPU else f"GPU {number}".strip(),
        about=memory.name,
        shares=shares,
        limit_mib=limit_mib,
        why=why,
    )


def _shares(device: str, status: PoolStatus) -> Iterator[MemoryShare]:
    if device == CPU and status.main_resident_mib:
        yield MemoryShare(kind="page", used_mib=status.main_resident_mib)
    nothing = Allocation(granted_mib={}, resident_mib={})
    for worker in status.workers:
        allocation = status.memory.allocations.get(worker.modality, nothing)
        if allocation.reserved_mib(device):
            yield MemoryShare(
                kind=worker.modality,
                used_mib=allocation.resident_mib.get(device, 0),
                growth_mib=allocation.growth_mib(device),
            )


def _piece(share: MemoryShare) -> str:
    parts = (("", share.used_mib), (" q-soon", share.growth_mib))
    return "".join(
        f'<i class="q-{share.kind}{soon}" style="flex-grow:{mib}" title="{share.title}"></i>'
        for soon, mib in parts
        if mib
    )
