"""Rows of pieces → tables: what stands in columns below each other without being prose. Pure geometry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .lines import Piece, Row

_LEADING = 1.1
"""Of a line's height: a row that follows with a smaller gap may go on with the cells of the one before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of cells; empty ones are empty texts."""

    rows: tuple[tuple[str, ...], ...]


def with_tables(rows: Sequence[Row]) -> Iterator[Table | Row]:
    """Yield the rows, those that make a table as one Table."""
    start = 0
    while start < len(rows):
        end = _end_of_table(rows, start)
        if end - start >= 2:
            yield _table(rows[start:end])
        else:
            end = start + 1
            yield rows[start]
        start = end


def _end_of_table(rows: Sequence[Row], start: int) -> int:
    """Return the row after the last that belongs to a table which begins at `start`; `start`: none does."""
    if len(rows[start]) < 2:
        return start
    columns = _columns([rows[start]])
    end = num_full = start + 1
    for number in range(start + 1, len(rows)):
        row = rows[number]
        if len(row) >= 2 and _fits(row, columns):
            if len(row) == len(columns):
                columns = _columns([row], columns)
            end = num_full = number + 1
        elif len(row) == 1 and _goes_on(rows[number - 1], row, columns):
            end = number + 1
        else:
            break
    # a lone row below the last full one is a cell's second line only if the table goes on after it
    return end if num_full - start >= 2 else start


def _columns(
    rows: Iterable[Row], known: Sequence[tuple[float, float]] = ()
) -> list[tuple[float, float]]:
    """Return from where to where each column reaches, over all rows, from left to right."""
    spans = [*known, *((piece.left, piece.right) for row in rows for piece in row)]
    columns: list[tuple[float, float]] = []
    for left, right in sorted(spans):
        if columns and left < columns[-1][1]:
            columns[-1] = (columns[-1][0], max(columns[-1][1], right))
        else:
            columns.append((left, right))
    return columns


def _fits(row: Row, columns: Sequence[tuple[float, float]]) -> bool:
    """Whether each piece stands in, or beside, a column of its own: no column gets two."""
    places = [_column_of(piece, columns) for piece in row]
    within = sum(_overlap(piece, columns[at]) > 0 for piece, at in zip(row, places, strict=True))
    return len(set(places)) == len(places) and within >= min(2, len(columns))


def _goes_on(before: Row, row: Row, columns: Sequence[tuple[float, float]]) -> bool:
    """Whether a row of one piece is the second line of a cell: close below, inside a column."""
    piece = row[0]
    gap = piece.top - max(one.bottom for one in before)
    touched = sum(_overlap(piece, column) > 0 for column in columns)
    at = _column_of(piece, columns)
    is_inside = piece.right <= columns[at][1] + 2 * piece.height
    return gap < _LEADING * piece.height and touched == 1 and is_inside and at > 0


def _column_of(piece: Piece, columns: Sequence[tuple[float, float]]) -> int:
    return max(range(len(columns)), key=lambda at: _overlap(piece, columns[at]))


def _overlap(piece: Piece, column: tuple[float, float]) -> float:
    """Of a piece and a column, in points; negative: the distance between them."""
    return min(piece.right, column[1]) - max(piece.left, column[0])


def _table(rows: Sequence[Row]) -> Table:
    fullest = max(len(row) for row in rows)
    columns = _columns([row for row in rows if len(row) == fullest])
    lines: list[list[str]] = []
    for number, row in enumerate(rows):
        cells = [""] * len(columns)
        for piece in row:
            at = _column_of(piece, columns)
            cells[at] = f"{cells[at]} {piece.text}".strip()
        goes_on = number > 0 and len(row) < len(rows[number - 1]) and not cells[0]
        if lines and goes_on and _is_close(rows[number - 1], row):
            lines[-1] = [f"{a} {b}".strip() for a, b in zip(lines[-1], cells, strict=True)]
        else:
            lines.append(cells)
    return Table(rows=tuple(tuple(line) for line in lines))


def _is_close(before: Row, row: Row) -> bool:
    gap = row[0].top - max(piece.bottom for piece in before)
    return gap < 0.4 * row[0].height
