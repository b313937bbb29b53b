"""Characters with boxes → words with boxes, upright whichever way they run over the page. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Box = tuple[float, float, float, float]
"""left, bottom, right, top in points of the page as it is stored; y grows upwards."""
HYPHENS = "\x02\ufffe\u00ad"
"""PDFium's marks for a hyphen at a line's end, and the soft hyphen."""
SLANTED = 4
"""In place of the quarters that a line is turned by: none of them."""
_APART = 0.35
"""Of the height: a wider gap ends a word also where no space was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyph:
    """One character; a blank has no box."""

    char: str
    box: Box
    turns: int
    """Quarters, counter-clockwise, that its line is turned by: 1 runs up the page."""
    is_unknown: bool = False
    """The font does not say which character it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWord:
    """Characters without a blank."""

    text: str
    box: Box
    turns: int
    left: float
    """Upright: along the line."""
    top: float
    """Upright: downwards, smaller is higher."""
    right: float
    bottom: float
    table: tuple[tuple[str, ...], ...] = ()
    """The cells, row by row, of a table that stands in place of its words."""

    @property
    def height(self) -> float:
        """Of the font, in points."""
        return max(self.bottom - self.top, 0.1)

    @property
    def middle(self) -> float:
        """Of its height."""
        return (self.top + self.bottom) / 2


def to_words(glyphs: Iterable[Glyph]) -> Iterator[PageWord]:
    """Put characters together, in the order in which they are written in the file."""
    held: list[Glyph] = []
    for glyph in glyphs:
        if glyph.char == " " or (held and _is_apart(held[-1], glyph)):
            yield from _word(held)
            held = []
        if glyph.char != " ":
            held.append(glyph)
    yield from _word(held)


def upright(box: Box, turns: int) -> Box:
    """Return left, top, right, bottom of a box as its text runs: x along the line, y downwards."""
    left, bottom, right, top = box
    if turns in (0, SLANTED):
        return left, -top, right, -bottom
    if turns == 1:
        return bottom, left, top, right
    if turns == 2:
        return -right, bottom, -left, top
    return -top, -right, -bottom, -left


def is_right_to_left(text: str) -> bool:
    """Whether most letters of a text are of a script that runs from right to left."""
    kinds = [unicodedata.bidirectional(char) for char in text]
    return sum(kind in ("R", "AL") for kind in kinds) > sum(kind == "L" for kind in kinds)


def _is_apart(before: Glyph, after: Glyph) -> bool:
    if before.turns != after.turns:
        return True
    one, other = upright(before.box, before.turns), upright(after.box, after.turns)
    height = max(one[3] - one[1], other[3] - other[1], 0.1)
    gap = max(other[0] - one[2], one[0] - other[2])  # negative where they touch
    drop = abs(one[1] + one[3] - other[1] - other[3]) / 2
    return gap > _APART * height or drop > 0.5 * height


def _word(glyphs: list[Glyph]) -> Iterator[PageWord]:
    if not glyphs:
        return
    text = "".join(glyph.char for glyph in glyphs)
    if any(
        "\ud800" <= char <= "\udfff" for char in text
    ):  # halves of characters beyond the first plane
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    lefts, bottoms, rights, tops = zip(*(glyph.box for glyph in glyphs), strict=True)
    box = (min(lefts), min(bottoms), max(rights), max(tops))
    left, top, right, bottom = upright(box, glyphs[0].turns)
    yield PageWord(
        text=unicodedata.normalize("NFKC", text) if _has_ligature(text) else text,
        box=box,
        turns=glyphs[0].turns,
        left=left,
        top=top,
        right=right,
        bottom=bottom,
    )


def _has_ligature(text: str) -> bool:
    """Whether it has the printers' fi, fl …, which nobody types into a search."""
    return any("\ufb00" <= char <= "\ufb06" for char in text)
