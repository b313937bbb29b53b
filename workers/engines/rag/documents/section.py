"""What every reader gives: a document as a row of sections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from workers.messages import Metadata

Lack = Literal["", "scan", "blank", "damaged", "time"]
"""What a page without text is: a picture of text, empty, not readable at all, or left for want of time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A stretch of text under one heading, on one page, slide or sheet, or at one time."""

    text: str
    """May be empty: a scanned page."""
    headings: tuple[str, ...] = ()
    """From the document's title down to the nearest heading."""
    page: int | None = None
    """1-based; None for formats without pages."""
    lacks: Lack = ""
    """Why a page has no text, or next to none; "": it has all of it."""
    by_ocr: bool = False
    """Whether OCR has looked at its page."""
    place: Metadata = ()
    """Where it stands in a format without pages: slide, sheet, chapter, message, attachment, time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDocument:
    """A document whose format was understood; the text is read while iterating."""

    sections: Iterator[Section]
    num_pages: int | None = None
    metadata: Metadata = ()
    """What the file says of itself: title, author, date."""
    lost: Sequence[str] = ()
    """What could not be read, as sentences; complete when the sections have been read."""


def with_page_texts(opened: OpenDocument, texts: Mapping[int, str]) -> OpenDocument:
    """Return a document whose scanned pages have the texts that OCR has found on them; `texts` by page, from 1."""

    def sections() -> Iterator[Section]:
        for section in opened.sections:
            found = texts.get(section.page or 0)
            if section.lacks != "scan" or found is None:
                yield section
                continue
            text = found.strip()
            lacks: Lack = "" if text else "scan"
            yield replace(section, text=text or section.text, lacks=lacks, by_ocr=True)

    return replace(opened, sections=sections()) if texts else opened


class Outline:
    """Keeps the path of headings while walking through a document."""

    def __init__(self, above: tuple[str, ...] = ()) -> None:
        """Begin under the headings `above`, which stay."""
        self._above = above
        self._levels: list[tuple[int, str]] = []

    def enter(self, level: int, title: str) -> None:
        """Go on under a heading; 1 is the highest level."""
        while self._levels and self._levels[-1][0] >= level:
            self._levels.pop()
        self._levels.append((level, title))

    @property
    def path(self) -> tuple[str, ...]:
        """The headings that apply here, highest first."""
        return (*self._above, *(title for _, title in self._levels if title))
