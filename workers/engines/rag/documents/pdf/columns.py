"""Pieces of lines → bands in reading order: column by column where the page has columns. Pure geometry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from statistics import median

from .lines import Piece, Row, to_rows

MIN_LINES = 3
"""A column has at least so many lines."""
MIN_ASPECT = 8.0
"""Lines of a column of prose are at least so many times as wide as high; cells of a table are not."""
MIN_FILL = 0.5
"""Share of the column's width that its middle line takes."""
MIN_GUTTER = 0.6
"""Of a line's height: the least width of the strip between two columns."""
_MAX_STARTS = 12
"""Places that are tried as a column's left edge."""
_MAX_PIECES = 1_500
"""A page of more is a drawing or a register: it is read row by row."""
_MAX_DEPTH = 4


def in_reading_order(pieces: Sequence[Piece], depth: int = 0) -> Iterator[tuple[Row, ...]]:
    """Yield stretches of rows that belong together: a column, or what stands over its whole width."""
    start = _best_start(pieces) if depth < _MAX_DEPTH and len(pieces) <= _MAX_PIECES else None
    if start is None:
        if pieces:
            yield tuple(to_rows(pieces))
        return
    for band in _bands(pieces, start):
        left, right = _sides(band, start)
        if _is_columns(left, right):
            yield from in_reading_order(left, depth + 1)
            yield from in_reading_order(right, depth + 1)
        else:
            yield from in_reading_order(band, depth + 1)


def _best_start(pieces: Sequence[Piece]) -> float | None:
    """Return the left edge of a column beside another one: that with most lines on both sides."""
    best, best_start = 0, None
    for start in _starts(pieces):
        covered = 0
        for band in _bands(pieces, start):
            left, right = _sides(band, start)
            if _is_columns(left, right):
                covered += len(band)
        if covered > best:
            best, best_start = covered, start
    return best_start


def _starts(pieces: Sequence[Piece]) -> list[float]:
    """Return left edges that several lines share, the most shared first."""
    if len(pieces) < 2 * MIN_LINES:
        return []
    tolerance = median(piece.height for piece in pieces) / 2
    edges = sorted(piece.left for piece in pieces)
    groups: list[list[float]] = []
    for edge in edges:
        if groups and edge - groups[-1][0] <= tolerance:
            groups[-1].append(edge)
        else:
            groups.append([edge])
    shared = [group for group in groups[1:] if len(group) >= MIN_LINES]
    return [group[0] for group in sorted(shared, key=len, reverse=True)[:_MAX_STARTS]]


def _bands(pieces: Sequence[Piece], start: float) -> Iterator[list[Piece]]:
    """Cut at the rows that reach across the strip left of `start`."""

    def crosses(row: Row) -> bool:
        return any(piece.left < start - 0.1 and piece.right > start - 0.1 for piece in row)

    for _, rows in groupby(to_rows(pieces), crosses):
        yield [piece for row in rows for piece in row]


def _sides(band: Sequence[Piece], start: float) -> tuple[list[Piece], list[Piece]]:
    left = [piece for piece in band if piece.right <= start]
    return left, [piece for piece in band if piece.right > start]


def _is_columns(left: Sequence[Piece], right: Sequence[Piece]) -> bool:
    """Whether both sides are columns of prose, with a strip of white between them."""
    if min(len(left), len(right)) < MIN_LINES:
        return False
    strip = min(piece.left for piece in right) - max(piece.right for piece in left)
    height = median(piece.height for piece in left)
    return strip >= MIN_GUTTER * height and _is_prose(left) and _is_prose(right)


def _is_prose(side: Sequence[Piece]) -> bool:
    widths = [piece.right - piece.left for piece in side]
    width = max(piece.right for piece in side) - min(piece.left for piece in side)
    aspect = median(w / piece.height for w, piece in zip(widths, side, strict=True))
    return aspect >= MIN_ASPECT and median(widths) >= MIN_FILL * width
