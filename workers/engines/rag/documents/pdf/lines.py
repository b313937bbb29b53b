"""Words → pieces of lines, and pieces → rows. Pure geometry; x along the lines, y downwards, in points."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from .words import PageWord, is_right_to_left

GUTTER = 1.0
"""Of the height: a wider gap ends a piece. A space has a third of it, a stretched one two thirds."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Words that stand beside each other without a gap: a line of a column, or a cell of a table."""

    words: tuple[PageWord, ...]

    @cached_property
    def left(self) -> float:
        """Of its first word."""
        return min(word.left for word in self.words)

    @cached_property
    def right(self) -> float:
        """Of its last word."""
        return max(word.right for word in self.words)

    @cached_property
    def top(self) -> float:
        """Of its highest word."""
        return min(word.top for word in self.words)

    @cached_property
    def bottom(self) -> float:
        """Of its lowest word."""
        return max(word.bottom for word in self.words)

    @cached_property
    def height(self) -> float:
        """Of most of its letters, in points."""
        sizes: dict[float, int] = {}
        for word in self.words:
            size = round(word.height * 2) / 2
            sizes[size] = sizes.get(size, 0) + len(word.text)
        return max(sizes, key=lambda size: sizes[size]) or 0.5

    @cached_property
    def middle(self) -> float:
        """Between its top and its bottom."""
        return (self.top + self.bottom) / 2

    @cached_property
    def text(self) -> str:
        """Its words, as they are read."""
        words = [word.text for word in self.words]
        if is_right_to_left("".join(words)):
            words.reverse()
        return " ".join(words)


Row = tuple[Piece, ...]
"""What stands on one height, from left to right."""


def to_pieces(words: Iterable[PageWord]) -> list[Piece]:
    """Return the pieces of lines, from the top down."""
    pieces: list[Piece] = []
    for row in _rows_of_words(sorted(words, key=lambda word: (word.middle, word.left))):
        held: list[PageWord] = []
        for word in sorted(row, key=lambda word: word.left):
            if held and word.left - held[-1].right > GUTTER * min(word.height, held[-1].height):
                pieces.append(Piece(words=tuple(held)))
                held = []
            held.append(word)
        pieces.append(Piece(words=tuple(held)))
    return pieces


def _rows_of_words(words: Sequence[PageWord]) -> list[list[PageWord]]:
    """Group words by their height; a raised number belongs to the line that it overlaps."""
    rows: list[list[PageWord]] = []
    middle, height = 0.0, 0.0
    for word in words:
        if rows and abs(word.middle - middle) < 0.45 * max(height, word.height):
            rows[-1].append(word)
            if word.height > height:
                middle, height = word.middle, word.height
        else:
            rows.append([word])
            middle, height = word.middle, word.height
    return rows


def to_rows(pieces: Iterable[Piece]) -> list[Row]:
    """Return pieces that stand on one height together, from the top down."""
    rows: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda one: (one.middle, one.left)):
        last = rows[-1][0] if rows else None
        if last and abs(piece.middle - last.middle) < 0.45 * max(piece.height, last.height):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return [tuple(sorted(row, key=lambda one: one.left)) for row in rows]
