"""What every reader gives: a document as a row of sections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A stretch of text under one heading or on one page."""

    text: str
    """May be empty: a scanned page."""
    headings: tuple[str, ...] = ()
    """From the document's title down to the nearest heading."""
    page: int | None = None
    """1-based; None for formats without pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDocument:
    """A document whose format was understood; the text is read while iterating."""

    sections: Iterator[Section]
    num_pages: int | None = None


class Outline:
    """Keeps the path of headings while walking through a document."""

    def __init__(self) -> None:
        self._levels: list[tuple[int, str]] = []

    def enter(self, level: int, title: str) -> None:
        """Go on under a heading; 1 is the highest level."""
        self._levels = [pair for pair in self._levels if pair[0] < level]
        self._levels.append((level, title))

    @property
    def path(self) -> tuple[str, ...]:
        """The headings that apply here, highest first."""
        return tuple(title for _, title in self._levels if title)
