"""The swap table and the table of combinations, as Markdown. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from workers.messages import MODALITIES, Modality

NAMES: dict[str, str] = {
    "": "nobody",
    "text": "chat",
    "stt": "recognition",
    "tts": "voice",
    "vision": "pictures",
    "rag": "documents",
}


def tables(
    swaps: Sequence[tuple[str, str, float]],
    together: Sequence[tuple[Sequence[Modality], int, int]],
) -> str:
    """Return both: swaps are (before, after, seconds), combinations (who, MiB of RAM, of VRAM)."""
    return f"{_swap_table(swaps)}\n\n{_together_table(together)}\n"


def _swap_table(swaps: Sequence[tuple[str, str, float]]) -> str:
    heads = [f"→ {NAMES[after]}" for after in MODALITIES]
    lines = [_row(["awake before", *heads]), _row(["---", *["---:"] * len(heads)])]
    for before in ("", *MODALITIES):
        cells = []
        for after in MODALITIES:
            times = [seconds for b, a, seconds in swaps if (b, a) == (before, after)]
            cells.append(_seconds(statistics.median(times)) if times else "–")
        lines.append(_row([NAMES[before], *cells]))
    return "\n".join(lines)


def _together_table(together: Sequence[tuple[Sequence[Modality], int, int]]) -> str:
    has_card = any(vram_mib for _, _, vram_mib in together)
    heads = ["at work together", "RAM, MiB", *(["card, MiB"] if has_card else [])]
    lines = [_row(heads), _row(["---", *["---:"] * (len(heads) - 1)])]
    for names, ram_mib, vram_mib in together:
        cells = [" + ".join(NAMES[name] for name in names), f"{ram_mib:,}"]
        lines.append(_row([*cells, *([f"{vram_mib:,}"] if has_card else [])]))
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _seconds(value: float) -> str:
    return f"{value:.2f}" if value < 1 else f"{value:.1f}"
