"""Rows in reading order → paragraphs, headings and tables. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .columns import in_reading_order
from .file import PageWords
from .lines import Piece, Row, to_pieces
from .ruled import cut_out
from .tables import Table, with_tables
from .words import HYPHENS, SLANTED, Box, PageWord

LARGER = 1.15
"""Of the body's size: from here a short line is a heading."""
MAX_HEADING_CHARS = 160
_PARAGRAPH_GAP = 0.55
"""Of a line's height, between two lines: a wider gap begins a paragraph."""
_FULL = 0.85
"""Share of the column's width from which a line goes on in the next one."""
_TABLE_CHARS = 700
"""A longer table is cut between its rows, and begins with its first row again: about one chunk."""
_ENDS = (".", "!", "?", ":", ";", "。", "؟", "…")
_LEADERS = re.compile(r"(?:\s?[.·]){4,}")
"""The dots between a title and its page in a table of contents."""
_BULLET = re.compile(r"(?:[•◦▪–—*·-]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A paragraph or a part of a table; with a size it is a heading."""

    text: str
    size: float = 0.0
    """In points, of a heading."""


class BodySize:
    """The size of most letters so far, in points."""

    def __init__(self) -> None:
        self._letters: Counter[float] = Counter()

    def see(self, pages: Iterable[PageWords]) -> None:
        """Count the letters of pages."""
        for page in pages:
            for word in page.words:
                self._letters[round(word.height * 2) / 2] += len(word.text)

    @property
    def points(self) -> float:
        """0 before anything was seen."""
        return self._letters.most_common(1)[0][0] if self._letters else 0.0


def blocks_of(words: Sequence[PageWord], body: float, rules: Sequence[Box] = ()) -> Iterator[Block]:
    """Yield what a page says, in reading order; text that runs another way than most comes last.

    `body`: the size of most letters; `rules`: drawn lines, which make tables.
    """
    turns = Counter(word.turns for word in words)
    for number, (turn, _) in enumerate(turns.most_common()):
        level = [word for word in words if word.turns == turn]
        plain, tables = cut_out(level, rules, turn) if turn != SLANTED else (level, [])
        pieces = [*to_pieces(plain), *(Piece(words=(table,)) for table in tables)]
        for rows in in_reading_order(pieces):
            yield from _blocks(rows, 0.0 if number else body)


def _blocks(rows: Sequence[Row], body: float) -> Iterator[Block]:
    width = max(piece.right for row in rows for piece in row) - min(row[0].left for row in rows)
    held: list[Row] = []
    for one in with_tables(rows):
        if not isinstance(one, Table) and (tables := _drawn(one)):
            yield from _paragraph(held, width, body) if held else ()
            for table in tables:
                yield from _table_blocks(table)
            held = (
                [tuple(piece for piece in one if not piece.words[0].table)]
                if len(one) > len(tables)
                else []
            )
            continue
        if held and (isinstance(one, Table) or _begins_anew(held[-1], one, body)):
            yield from _paragraph(held, width, body)
            held = []
        if isinstance(one, Table):
            yield from _table_blocks(one)
        else:
            held.append(one)
    if held:
        yield from _paragraph(held, width, body)


def _drawn(row: Row) -> list[Table]:
    """Return the tables with drawn lines that stand in a row."""
    return [Table(rows=piece.words[0].table) for piece in row if piece.words[0].table]


def _is_large(row: Row, body: float) -> bool:
    return body > 0 and row[0].height >= LARGER * body


def _begins_anew(before: Row, row: Row, body: float) -> bool:
    """Whether a row begins a paragraph, or is a heading, or follows one."""
    one, other = before[0].height, row[0].height
    if (_is_large(before, body) or _is_large(row, body)) and abs(one - other) > 0.1 * max(
        one, other
    ):
        return True
    gap = row[0].top - max(piece.bottom for piece in before)
    if gap > _PARAGRAPH_GAP * min(one, other):
        return True
    is_indented = row[0].left - before[0].left > 0.8 * other
    ends = before[-1].text.endswith(_ENDS)
    return ends and (is_indented or bool(_BULLET.match(row[0].text)))


def _paragraph(rows: Sequence[Row], width: float, body: float) -> Iterator[Block]:
    text = ""
    for number, row in enumerate(rows):
        line = " ".join(piece.text for piece in row)
        is_full = number > 0 and _is_full(rows[number - 1], width)
        text = join(text, line, is_full=is_full) if number else line
    text = _clean(text)
    if not text:
        return
    is_heading = (
        all(_is_large(row, body) for row in rows)
        and len(text) <= MAX_HEADING_CHARS
        and "…" not in text
        and any(char.isalpha() for char in text)
    )
    if is_heading:
        yield Block(text=" ".join(text.split()), size=max(row[0].height for row in rows))
    else:
        yield Block(text=text)


def _is_full(row: Row, width: float) -> bool:
    return row[-1].right - row[0].left >= _FULL * width


def join(text: str, line: str, *, is_full: bool) -> str:
    """Add a line to a paragraph: a word that a hyphen cuts is put together.

    `is_full`: the last line reached to the column's end, so that the paragraph goes on.
    """
    if text.endswith(tuple(HYPHENS)):
        return text[:-1] + line if _goes_on(line) else text[:-1] + "-" + line
    if text.endswith(("-", "‐")) and text[-2:-1].islower() and line[:1].islower():
        return text[:-1] + line
    goes_on = is_full or (_goes_on(line) and not text.endswith(_ENDS))
    return f"{text}{' ' if goes_on else chr(10)}{line}"


def _goes_on(line: str) -> bool:
    return line[:1].islower() or line.startswith("(")


def _clean(text: str) -> str:
    text = re.sub(f"[{HYPHENS}\\x00]", "-", text)
    return _LEADERS.sub(" …", text).strip()


def _table_blocks(table: Table) -> Iterator[Block]:
    """Yield the rows, a block for each chunk's worth; each begins with the first row."""
    head, *rows = [_clean(" | ".join(row)) for row in table.rows]
    held = [head]
    for row in rows:
        if len(held) > 1 and sum(map(len, held)) + len(row) > _TABLE_CHARS:
            yield Block(text="\n".join(held))
            held = [head]
        held.append(row)
    yield Block(text="\n".join(held))
