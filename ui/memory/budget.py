"""Changes of the budget, each with the sentence that says so. Pure: no gradio, no client."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil

from workers.client import Budget
from workers.messages.amounts import GB, MIB, memory_words
from workers.messages.errors import UnsupportedInputError

MAX_GB = 1_000_000
"""A petabyte: more is a slip of the hand, or an attempt at a number that nothing can show."""
DIGITS = 2
"""Of what the fields show in GB."""


def shown_gb(mib: int | None) -> float | None:
    """Return what a field shows of a budget: 512 → 0.54; None is no limit."""
    return None if mib is None else round(mib * MIB / GB, DIGITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallestNeed:
    """The least with which anything runs, in MiB of RAM."""

    page_mib: int
    """What the page itself uses."""
    model_mib: int
    """What the smallest model in use needs."""
    model: str
    """That model's name."""


def with_room(budget: Budget, amount_gb: float | None) -> tuple[Budget, str]:
    """Leave so much of every device to other programs. Raises: UnsupportedInputError."""
    room_mib = whole_mib(amount_gb or 0, budget.leave_room_mib)
    sentence = f"Of every device, {memory_words(room_mib)} stay free for other programs."
    return replace(budget, leave_room_mib=room_mib), sentence


def with_ram(budget: Budget, amount_gb: float | None) -> tuple[Budget, str]:
    """Allow so much RAM to all processes together; None is no limit. Raises: UnsupportedInputError."""
    if amount_gb is None:
        return replace(budget, ram_mib=None), "RAM has no limit now but what the machine has free."
    ram_mib = whole_mib(amount_gb, budget.ram_mib)
    sentence = f"All processes together may use {memory_words(ram_mib)} of RAM now."
    return replace(budget, ram_mib=ram_mib), sentence


def with_vram(budget: Budget, amount_gb: float | None) -> tuple[Budget, str]:
    """Allow so much of each graphics card; None is no limit. Raises: UnsupportedInputError."""
    if amount_gb is None:
        return replace(budget, vram_mib=None), "Graphics memory has no limit now but what is free."
    vram_mib = whole_mib(amount_gb, budget.vram_mib)
    sentence = f"Of each graphics card, {memory_words(vram_mib)} may be used now."
    return replace(budget, vram_mib=vram_mib), sentence


def whole_mib(amount_gb: float, before_mib: int | None) -> int:
    """Return GB in MiB; what a field shows of the budget of before is that budget.

    Raises: UnsupportedInputError for what is no amount of memory: less than none, NaN, infinite.
    """
    if not 0 <= amount_gb <= MAX_GB:
        raise UnsupportedInputError(
            f"A budget is from 0 to {MAX_GB:,} GB; empty is no limit.",
        )
    if before_mib is not None and shown_gb(before_mib) == round(amount_gb, DIGITS):
        return before_mib
    return int(amount_gb * GB / MIB)


def check_ram(ram_mib: int, need: SmallestNeed) -> None:
    """Refuse a budget under which nothing could run. Raises: UnsupportedInputError."""
    least_mib = need.page_mib + need.model_mib
    if ram_mib < least_mib:
        raise UnsupportedInputError(
            f"{memory_words(ram_mib)} are too few: the page itself uses {memory_words(need.page_mib)}, "
            f"and the smallest model in use, {need.model}, needs {memory_words(need.model_mib)} more.",
            f"Allow at least {ceil(least_mib * MIB / GB * 10) / 10:.1f} GB, or leave the field empty "
            "for no limit.",
        )
