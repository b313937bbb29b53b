"""Recognised lines → reading order and rows. Pure geometry: no pixels, no numpy.

Works for tilted and turned pictures, because each box starts at the top left *of its text*: the
sum of all text directions tells which way is right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median

from workers.messages import TextLine

MIN_COLUMN_LINES = 3
MIN_COLUMN_ASPECT = 6.0
"""Lines of a text column are at least this many times as wide as high; prices in a table are not,
so a receipt is read row by row and an article column by column."""
MAX_SPANNING_SHARE = 0.25
"""How many of the lines (titles, footers) may reach across the gutter between two columns."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """A line and its extent after the page was turned upright, in pixels."""

    line: TextLine
    left: float
    right: float
    middle: float
    height: float


def reading_order(lines: tuple[TextLine, ...]) -> tuple[TextLine, ...]:
    """Sort lines as a person reads: column by column, top down, left to right."""
    ordered = _by_columns(_upright(lines))
    return tuple(placed.line for placed in ordered)


def rows(lines: tuple[TextLine, ...]) -> tuple[tuple[TextLine, ...], ...]:
    """Group lines that are in reading order into rows: "Coffee" and "3.50" side by side."""
    grouped: list[list[_Placed]] = []
    for placed in _upright(lines):
        previous = grouped[-1][-1] if grouped else None
        if previous is not None and _is_same_row(previous, placed) and placed.left > previous.left:
            grouped[-1].append(placed)
        else:
            grouped.append([placed])
    return tuple(tuple(placed.line for placed in row) for row in grouped)


def _upright(lines: tuple[TextLine, ...]) -> list[_Placed]:
    direction_x = sum(line.box[1][0] - line.box[0][0] for line in lines)
    direction_y = sum(line.box[1][1] - line.box[0][1] for line in lines)
    length = math.hypot(direction_x, direction_y) or 1.0
    cos, sin = direction_x / length, direction_y / length
    placed = []
    for line in lines:
        xs = [x * cos + y * sin for x, y in line.box]
        ys = [y * cos - x * sin for x, y in line.box]
        middle = sum(ys) / len(ys)
        height = (ys[2] + ys[3] - ys[0] - ys[1]) / 2
        placed.append(_Placed(line, min(xs), max(xs), middle, max(1.0, height)))
    return placed


def _is_same_row(one: _Placed, other: _Placed) -> bool:
    return abs(one.middle - other.middle) < 0.5 * min(one.height, other.height)


def _by_columns(page: list[_Placed]) -> list[_Placed]:
    gutter = _find_gutter(page)
    if gutter is None:
        return _by_rows(page)
    spanning = sorted((p for p in page if p.left < gutter < p.right), key=lambda p: p.middle)
    ordered: list[_Placed] = []
    top = -math.inf
    for bottom, separator in [*((p.middle, [p]) for p in spanning), (math.inf, [])]:
        band = [p for p in page if top <= p.middle < bottom and p not in spanning]
        ordered += _by_columns([p for p in band if p.right <= gutter])
        ordered += _by_columns([p for p in band if p.left >= gutter])
        ordered += separator
        top = bottom
    return ordered


def _find_gutter(page: list[_Placed]) -> float | None:
    """Return the x in the widest empty strip between two columns of text, if there are two."""
    best_gap, best_x = 0.0, None
    for start in sorted({p.right for p in page}):
        left = [p for p in page if p.right <= start]
        right = [p for p in page if p.left > start]
        if not (_is_column(left) and _is_column(right)):
            continue
        end = min(p.left for p in right)
        crossing = [p for p in page if p.left <= start < p.right]
        is_clear = all(p.right > end for p in crossing)  # no line ends inside the strip
        if not is_clear or len(crossing) > MAX_SPANNING_SHARE * len(page):
            continue
        if end - start > max(best_gap, 0.8 * median(p.height for p in page)):
            best_gap, best_x = end - start, (start + end) / 2
    return best_x


def _is_column(lines: list[_Placed]) -> bool:
    if len(lines) < MIN_COLUMN_LINES:
        return False
    return median((p.right - p.left) / p.height for p in lines) >= MIN_COLUMN_ASPECT


def _by_rows(column: list[_Placed]) -> list[_Placed]:
    grouped: list[list[_Placed]] = []
    for placed in sorted(column, key=lambda p: p.middle):
        if grouped and _is_same_row(grouped[-1][-1], placed):
            grouped[-1].append(placed)
        else:
            grouped.append([placed])
    return [placed for row in grouped for placed in sorted(row, key=lambda p: p.left)]
