"""The memory of each device as one bar: who holds what, what is reckoned with, what is left. Pure.

|page|text##//////|stt###//|                        room                         |
      holds  may grow into                                                    limit
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from workers.client import CPU, DeviceMemory, Holding, PoolStatus

from .titles import TITLES

COARSE_MIB = 50
"""What the system has free trembles: a limit that comes from it is told in steps of this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one process takes of a device."""

    kind: str
    """Its modality, or "page"."""
    held_mib: int
    growth_mib: int = 0
    """What the ledger reckons with beyond that."""

    @property
    def title(self) -> str:
        """For people: "Text holds 240 MiB; 60 more are reckoned with"."""
        name = TITLES.get(self.kind, "Page")
        more = f"; {self.growth_mib:,} more are reckoned with" if self.growth_mib else ""
        return f"{name} holds {self.held_mib:,} MiB{more}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceUse:
    """How a device is divided up."""

    name: str
    """In a word: "RAM", "GPU"."""
    about: str
    """The device's own name."""
    shares: tuple[Share, ...]
    limit_mib: int
    """What all may hold together: the budget, or what the system leaves if that is less."""
    why: str
    """Where the limit comes from."""

    @property
    def held_mib(self) -> int:
        """What all hold now."""
        return sum(share.held_mib for share in self.shares)

    @property
    def reckoned_mib(self) -> int:
        """What all may come to hold."""
        return self.held_mib + sum(share.growth_mib for share in self.shares)

    @property
    def label(self) -> str:
        """The numbers: "1,240 of 8,192 MiB held, 2,100 reckoned with"."""
        over_mib = self.held_mib - self.limit_mib
        if over_mib > 0:
            return f"{self.held_mib:,} MiB held, {over_mib:,} over the limit of {self.limit_mib:,}"
        reckoned = f", {self.reckoned_mib:,} reckoned with"
        more = reckoned if self.reckoned_mib > self.held_mib else ""
        return f"{self.held_mib:,} of {self.limit_mib:,} MiB held{more}"


def device_uses(status: PoolStatus) -> tuple[DeviceUse, ...]:
    """Return RAM first, then the graphics cards."""
    devices = status.memory.devices
    return tuple(_use(memory, status, len(devices) > 2) for memory in devices)


def bars_html(status: PoolStatus) -> str:
    """Return one bar per device, with its numbers beside it."""
    return "".join(map(_bar, device_uses(status)))


def _use(memory: DeviceMemory, status: PoolStatus, is_numbered: bool) -> DeviceUse:
    shares = tuple(_shares(memory.device, status))
    held_mib = sum(share.held_mib for share in shares)
    budget = status.memory.budget
    coarse_mib = (held_mib + memory.free_mib - budget.leave_room_mib) // COARSE_MIB * COARSE_MIB
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


def _shares(device: str, status: PoolStatus) -> Iterator[Share]:
    if device == CPU and status.main_resident_mib:
        yield Share(kind="page", held_mib=status.main_resident_mib)
    nothing = Holding(granted_mib={}, resident_mib={})
    for worker in status.workers:
        holding = status.memory.holdings.get(worker.modality, nothing)
        if holding.held_mib(device):
            yield Share(
                kind=worker.modality,
                held_mib=holding.resident_mib.get(device, 0),
                growth_mib=holding.growth_mib(device),
            )


def _bar(use: DeviceUse) -> str:
    total_mib = max(use.limit_mib, use.reckoned_mib, 1)
    pieces = "".join(map(_piece, use.shares))
    room_mib = total_mib - use.reckoned_mib
    if room_mib:
        pieces += (
            f'<i class="q-room" style="flex-grow:{room_mib}" title="{room_mib:,} MiB left"></i>'
        )
    if use.limit_mib < total_mib:
        left = f"{100 * use.limit_mib / total_mib:.1f}%"
        pieces += f'<u style="left:{left}" title="Limit: {use.limit_mib:,} MiB"></u>'
    name, about = escape(use.name), escape(use.about, quote=True)
    over = " q-over" if use.held_mib > use.limit_mib else ""
    return (
        f'<div class="q-memory{over}"><b title="{about}">{name}</b>'
        f'<div class="q-bar" role="img" aria-label="{name}: {use.label}">{pieces}</div>'
        f'<span title="The limit is {escape(use.why, quote=True)}.">{use.label}</span></div>'
    )


def _piece(share: Share) -> str:
    """Solid is what it holds, hatched what it may grow into."""
    parts = (("", share.held_mib), (" q-soon", share.growth_mib))
    return "".join(
        f'<i class="q-{share.kind}{soon}" style="flex-grow:{mib}" title="{share.title}"></i>'
        for soon, mib in parts
        if mib
    )
