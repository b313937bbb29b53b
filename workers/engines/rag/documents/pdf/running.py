"""Headers and footers that run through a document: said once, not on every page. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from .file import PageWords
from .lines import Row, to_pieces, to_rows
from .text import LARGER
from .words import PageWord

MARGIN = 0.12
"""Share of the page's height, above and below, in which a header or a footer stands."""
MIN_PAGES = 3
MIN_SHARE = 0.3
"""Of the pages looked at together: left and right pages have different ones."""


@dataclass(frozen=True, slots=True)
class _Line:
    """What makes two running lines the same: their words, whatever their numbers, and their height."""

    words: str
    height: int


class RunningLines:
    """Remembers which ones were said already."""

    def __init__(self) -> None:
        self._running: set[_Line] = set()
        self._said: set[_Line] = set()

    def without(self, pages: Sequence[PageWords], body: float) -> list[PageWords]:
        """Return neighbouring pages without the lines that repeat; each stays where it comes first.

        A page that has nothing else keeps them, and a line that is larger than the body is a heading.
        """
        found = [_marginal(page, LARGER * body) for page in pages]
        counts = Counter(line for lines in found for line in lines)
        least = max(MIN_PAGES, MIN_SHARE * len(pages))
        self._running |= {line for line, count in counts.items() if count >= least}
        return [self._cut(page, lines) for page, lines in zip(pages, found, strict=True)]

    def _cut(self, page: PageWords, lines: dict[_Line, Row]) -> PageWords:
        running = {line for line in lines if line in self._running}
        repeated = running & self._said
        gone = {word for line in repeated for piece in lines[line] for word in piece.words}
        left = tuple(word for word in page.words if word not in gone)
        if not left or not gone:
            self._said |= running
            return page
        self._said |= running
        return replace(page, words=left)


def _marginal(page: PageWords, max_height: float) -> dict[_Line, Row]:
    """Return the lines in the margins above and below, of the text as most of it runs."""
    turns = _main_turns(page.words)
    level = [word for word in page.words if word.turns == turns]
    if not level:
        return {}
    top, bottom = min(word.top for word in level), max(word.bottom for word in level)
    length = page.height if turns % 2 == 0 else page.width
    depth = MARGIN * min(length or bottom - top, 2 * (bottom - top))
    near = [w for w in level if w.bottom < top + depth or w.top > bottom - depth]
    return {
        _Line(
            re.sub(r"\d+|\b[ivxlc]+\b", "#", " ".join(p.text for p in row)), round(row[0].top / 4)
        ): row
        for row in to_rows(to_pieces(near))
        if row[0].height < max_height
    }


def _main_turns(words: Sequence[PageWord]) -> int:
    counts = Counter(word.turns for word in words)
    return counts.most_common(1)[0][0] if counts else 0
