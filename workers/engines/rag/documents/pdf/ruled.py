"""Words between drawn lines → tables, cell by cell, whatever stands in how many lines in them. Pure geometry."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from .lines import to_pieces
from .tables import Table
from .words import Box, PageWord, upright

_THIN = 2.5
"""Points: what is not thicker is a line."""
_SAME = 3.0
"""Points: lines nearer than that are one."""
_MAX_LINES = 400
"""In each direction of one page; more are a drawing."""


def cut_out(
    words: Sequence[PageWord], rules: Iterable[Box], turns: int
) -> tuple[list[PageWord], list[PageWord]]:
    """Return the words outside tables, and one word in place of each table, as big as it is."""
    level, steep = _directions([upright(rule, turns) for rule in rules])
    left, tables = list(words), []
    for grid in _grids(level, steep):
        inside = [word for word in left if _is_in(word, grid)]
        table = _table(inside, grid)
        if table is None:
            continue
        inner = set(inside)
        left = [word for word in left if word not in inner]
        tables.append(_in_place(table, inside, turns))
    return left, tables


Grid = tuple[list[float], list[float]]
"""x of the lines between columns, y of those between rows; both grow."""


def _directions(rules: Iterable[Box]) -> tuple[list[Box], list[Box]]:
    level, steep = [], []
    for left, top, right, bottom in rules:
        wide, high = right - left, bottom - top
        if high <= _THIN < wide:
            level.append((left, top, right, bottom))
        elif wide <= _THIN < high:
            steep.append((left, top, right, bottom))
        elif wide > _THIN and high > _THIN:  # a frame or a filled cell has four edges
            level += [(left, top, right, top), (left, bottom, right, bottom)]
            steep += [(left, top, left, bottom), (right, top, right, bottom)]
    return (level, steep) if max(len(level), len(steep)) <= _MAX_LINES else ([], [])


def _grids(level: list[Box], steep: list[Box]) -> list[Grid]:
    """Return the lines that touch each other, as columns and rows."""
    groups: list[list[Box]] = []
    for line in [*level, *steep]:
        touching = [group for group in groups if any(_touch(line, other) for other in group)]
        groups = [group for group in groups if group not in touching]
        groups.append([line, *(other for group in touching for other in group)])
    grids = []
    for group in groups:
        xs = _merged(x for one in group if one[2] - one[0] <= _THIN for x in (one[0],))
        ys = _merged(y for one in group if one[3] - one[1] <= _THIN for y in (one[1],))
        if len(xs) >= 3 and len(ys) >= 3:
            grids.append((xs, ys))
    return grids


def _touch(one: Box, other: Box) -> bool:
    return (
        one[0] <= other[2] + _SAME
        and other[0] <= one[2] + _SAME
        and one[1] <= other[3] + _SAME
        and other[1] <= one[3] + _SAME
    )


def _merged(places: Iterable[float]) -> list[float]:
    merged: list[float] = []
    for place in sorted(places):
        if not merged or place - merged[-1] > _SAME:
            merged.append(place)
    return merged


def _is_in(word: PageWord, grid: Grid) -> bool:
    xs, ys = grid
    return xs[0] < (word.left + word.right) / 2 < xs[-1] and ys[0] < word.middle < ys[-1]


def _table(words: Sequence[PageWord], grid: Grid) -> Table | None:
    """Return the cells; None if it is a frame around prose, or a chart: most cells are empty."""
    xs, ys = grid
    cells: dict[tuple[int, int], list[PageWord]] = {}
    for word in words:
        column = bisect_right(xs, (word.left + word.right) / 2) - 1
        cells.setdefault((bisect_right(ys, word.middle) - 1, column), []).append(word)
    num_rows, num_columns = len(ys) - 1, len(xs) - 1
    used_rows = {row for row, _ in cells}
    used_columns = {column for _, column in cells}
    if len(used_rows) < 2 or len(used_columns) < 2 or len(cells) * 3 < len(used_rows) * num_columns:
        return None
    rows = (
        tuple(_text(cells.get((row, column), ())) for column in range(num_columns))
        for row in range(num_rows)
        if row in used_rows
    )
    return Table(rows=tuple(rows))


def _text(words: Sequence[PageWord]) -> str:
    return " ".join(piece.text for piece in to_pieces(words)) if words else ""


def _in_place(table: Table, words: Sequence[PageWord], turns: int) -> PageWord:
    lefts, bottoms, rights, tops = zip(*(word.box for word in words), strict=True)
    box = (min(lefts), min(bottoms), max(rights), max(tops))
    left, top, right, bottom = upright(box, turns)
    return PageWord(
        text="\n".join(" | ".join(row) for row in table.rows),
        box=box,
        turns=turns,
        left=left,
        top=top,
        right=right,
        bottom=bottom,
        table=table.rows,
    )
