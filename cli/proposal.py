"""A model that could be added: its card, whether it fits, and in which widths it can be had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workers.messages.amounts import size_words

from .output import say, table

if TYPE_CHECKING:
    from configs.catalogue import ModelCard

MIB = 1 << 20
FITS = {
    "fits": "fits now",
    "fits_after_sleep": "fits after others sleep",
    "cpu_only": "fits on the CPU only",
    "too_large": "will not fit",
}
"""A plan's outcome, in a column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What was found under a name."""

    card: ModelCard
    plan: Mapping[str, Any]
    """As JSON has it."""
    quantizations: Sequence[Mapping[str, Any]]
    """Each of the repository's, as JSON has it, the smallest first; empty where there is no choice."""


def show_quantizations(found: Proposal) -> None:
    """Write a table of the widths, with a mark at the one that would be taken."""
    rows = found.quantizations
    if len(rows) < 2:
        return
    say("")
    table(
        ("", "quantization", "#size", "plan", "file"),
        [
            (
                "*" if row["is_chosen"] else "",
                row["quantization"],
                size_words(row["bytes"]),
                FITS[row["plan"]["outcome"]] if row["plan"] else "",
                row["file"],
            )
            for row in rows
        ],
    )
    place = found.card.source.removeprefix("hf:").partition("@")[0]
    say(f"* would be taken. Another: quintet models add {place}:FILE\n")
