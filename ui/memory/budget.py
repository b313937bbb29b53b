"""Changes of the budget, each with the sentence that says so. Pure: no gradio, no client."""

from __future__ import annotations

from dataclasses import dataclass, replace

from workers.client import Budget
from workers.messages.errors import UnsupportedInputError


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallestNeed:
    """The least with which anything runs, in MiB of RAM."""

    page_mib: int
    """What the page itself uses."""
    model_mib: int
    """What the smallest model in use needs."""
    model: str
    """That model's name."""


def with_room(budget: Budget, mib: float | None) -> tuple[Budget, str]:
    """Leave so much of every device to other programs."""
    room_mib = int(mib or 0)
    sentence = f"Of every device, {room_mib:,} MiB stay free for other programs."
    return replace(budget, leave_room_mib=room_mib), sentence


def with_ram(budget: Budget, mib: float | None) -> tuple[Budget, str]:
    """Allow so much RAM to all processes together; None is no limit."""
    if mib is None:
        return replace(budget, ram_mib=None), "RAM has no limit now but what the machine has free."
    sentence = f"All processes together may use {int(mib):,} MiB of RAM now."
    return replace(budget, ram_mib=int(mib)), sentence


def with_vram(budget: Budget, mib: float | None) -> tuple[Budget, str]:
    """Allow so much of each graphics card; None is no limit. Raises: UnsupportedInputError."""
    if mib is None:
        return replace(budget, vram_mib=None), "Graphics memory has no limit now but what is free."
    if mib < 0:
        raise UnsupportedInputError("A budget is 0 MiB or more; empty is no limit.")
    sentence = f"Of each graphics card, {int(mib):,} MiB may be used now."
    return replace(budget, vram_mib=int(mib)), sentence


def check_ram(ram_mib: int, need: SmallestNeed) -> None:
    """Refuse a budget under which nothing could run. Raises: UnsupportedInputError."""
    least_mib = need.page_mib + need.model_mib
    if ram_mib < least_mib:
        raise UnsupportedInputError(
            f"{ram_mib:,} MiB are too few: the page itself uses {need.page_mib:,}, and the "
            f"smallest model in use, {need.model}, needs {need.model_mib:,} more.",
            f"Allow at least {least_mib:,} MiB, or leave the field empty for no limit.",
        )
