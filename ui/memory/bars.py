"""The memory of each device as one bar: who uses what, what is reserved, what is left. Pure.

|page|text##//////|stt###//|                        room                         |
      in use reserved                                                         limit
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from ui.core.titles import TITLES
from workers.client import CPU, Allocation, DeviceMemory, PoolStatus

COARSE_MIB = 50
"""MiB. The system's free memory varies all the time: a limit that depends on it is shown in these steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryShare:
    """What one process takes of a device."""

    kind: str
    """Its modality, or "page"."""
    used_mib: int
    growth_mib: int = 0
    """What is reserved for it beyond that: it may still grow into it."""

    @property
    def title(self) -> str:
        """For people: "Text uses 240 MiB; 60 more are reserved"."""
        name = TITLES.get(self.kind, "Page")
        more = f"; {self.growth_mib:,} more are reserved" if self.growth_mib else ""
        return f"{name} uses {self.used_mib:,} MiB{more}"


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
    def label(self) -> str:
        """The numbers: "1,240 of 8,192 MiB in use, 2,100 reserved"."""
        over_mib = self.used_mib - self.limit_mib
        if over_mib > 0:
            return (
                f"{self.used_mib:,} MiB in use, {over_mib:,} over the limit of {self.limit_mib:,}"
            )
        reserved = f", {self.reserved_mib:,} reserved"
        more = reserved if self.reserved_mib > self.used_mib else ""
        return f"{self.used_mib:,} of {self.limit_mib:,} MiB in use{more}"


def device_uses(status: PoolStatus) -> tuple[DeviceUse, ...]:
    """Return RAM first, then the graphics cards."""
    devices = status.memory.devices
    return tuple(_use(memory, status, len(devices) > 2) for memory in devices)


def bars_html(status: PoolStatus) -> str:
    """Return one bar per device, with its numbers beside it."""
    return "".join(map(_bar, device_uses(status)))


def _use(memory: DeviceMemory, status: PoolStatus, is_numbered: bool) -> DeviceUse:
    shares = tuple(_shares(memory.device, status))
    in_use_mib = sum(share.used_mib for share in shares)
    budget = status.memory.budget
    coarse_mib = (in_use_mib + memory.free_mib - budget.leave_room_mib) // COARSE_MIB * COARSE_MIB
    limit_mib, why = max(0, coarse_mib), (
        f"what is free, less {budget.leave_room_mib:,} MiB left to other programs"
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


def _bar(use: DeviceUse) -> str:
    total_mib = max(use.limit_mib, use.reserved_mib, 1)
    pieces = "".join(map(_piece, use.shares))
    room_mib = total_mib - use.reserved_mib
    if room_mib:
        pieces += (
            f'<i class="q-room" style="flex-grow:{room_mib}" title="{room_mib:,} MiB left"></i>'
        )
    if use.limit_mib < total_mib:
        left = f"{100 * use.limit_mib / total_mib:.1f}%"
        pieces += f'<u style="left:{left}" title="Limit: {use.limit_mib:,} MiB"></u>'
    name, about = escape(use.name), escape(use.about, quote=True)
    over = " q-over" if use.used_mib > use.limit_mib else ""
    return (
        f'<div class="q-memory{over}"><b title="{about}">{name}</b>'
        f'<div class="q-bar" role="img" aria-label="{name}: {use.label}">{pieces}</div>'
        f'<span title="The limit is {escape(use.why, quote=True)}.">{use.label}</span></div>'
    )


def _piece(share: MemoryShare) -> str:
    """Solid is in use, hatched is reserved."""
    parts = (("", share.used_mib), (" q-soon", share.growth_mib))
    return "".join(
        f'<i class="q-{share.kind}{soon}" style="flex-grow:{mib}" title="{share.title}"></i>'
        for soon, mib in parts
        if mib
    )
