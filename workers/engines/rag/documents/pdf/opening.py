"""PDF files, page by page, with PDFium: the sections of a document."""

from __future__ import annotations

import time
from collections.abc import Iterator

from workers.engines.rag.documents.section import OpenDocument, Outline, Section
from workers.messages.errors import UnsupportedInputError

from .file import MAX_CHARS, PageWords, PdfFile
from .running import RunningLines
from .text import BodySize, blocks_of

_TOGETHER = 12
"""Pages that are looked at together: what is the body's size, and what runs through them."""
_CUT = "Of page {page} only the first {most:,} characters are read."
MAX_READING_S = 900.0
"""For one file; 2,000 pages of prose take about a minute."""


def open_pdf(name: str, data: bytes, max_pages: int) -> OpenDocument:
    """Open a PDF. Raises: UnsupportedInputError if it is encrypted, damaged or too long."""
    file = PdfFile(name, data)
    if 0 < file.num_pages <= max_pages:
        lost: list[str] = []
        sections = _sections(file, lost)
        return OpenDocument(sections=sections, num_pages=file.num_pages, lost=lost)
    file.close()
    if file.num_pages == 0:
        raise UnsupportedInputError(f"{name} has no pages.")
    raise UnsupportedInputError(
        f"{name} has {file.num_pages:,} pages; at most {max_pages:,} are read.",
        hint="Split it into smaller files.",
    )


def _sections(file: PdfFile, lost: list[str]) -> Iterator[Section]:
    """Yield at least one section for each page: one without text says why; what else is lost is added to `lost`."""
    until = time.monotonic() + MAX_READING_S
    outline, body, running = _Headings(), BodySize(), RunningLines()
    try:
        for start in range(0, file.num_pages, _TOGETHER):
            end = min(start + _TOGETHER, file.num_pages)
            if time.monotonic() > until:
                yield from (
                    Section(text="", page=index + 1, lacks="time")
                    for index in range(start, file.num_pages)
                )
                return
            pages = [file.page(index) for index in range(start, end)]
            body.see(pages)
            for number, page in enumerate(running.without(pages, body.points), start=start + 1):
                if page.is_cut:
                    lost.append(_CUT.format(page=number, most=MAX_CHARS))
                yield from _page(number, page, outline, body.points)
    finally:
        file.close()


def _page(number: int, page: PageWords, outline: _Headings, body: float) -> Iterator[Section]:
    if page.is_broken:
        yield Section(text="", page=number, lacks="damaged")
        return
    if page.is_scan or not page.words:
        yield Section(
            text=" ".join(word.text for word in page.words),
            page=number,
            lacks="scan" if page.is_scan else "blank",
        )
        return
    held: list[str] = []
    for block in blocks_of(page.words, body, page.rules):
        if block.size:
            yield from _of(held, outline, number)
            held = []
            if lost := outline.enter_size(block.size, block.text):
                yield Section(text=lost, headings=outline.path[:-1], page=number)
        else:
            held.append(block.text)
            outline.has_text = True
    yield from _of(held, outline, number)
    if not held and (lost := outline.take_last()):  # a page of nothing but a title
        yield Section(text=lost, page=number)


def _of(blocks: list[str], outline: _Headings, number: int) -> Iterator[Section]:
    if blocks:
        yield Section(text="\n\n".join(blocks), headings=outline.path, page=number)


class _Headings(Outline):
    """Knows of the last heading whether anything stands under it: else it would be lost with the next."""

    def __init__(self) -> None:
        super().__init__()
        self.has_text = True
        self._last = ""

    def enter_size(self, size: float, title: str) -> str:
        """Go on under a heading of so many points; returns the last one if nothing stood under it."""
        lost = self.take_last()
        self.enter(-round(size * 2), title)
        self._last, self.has_text = title, False
        return lost

    def take_last(self) -> str:
        """Return the last heading if nothing stands under it yet; once."""
        lost, self._last = ("" if self.has_text else self._last), ""
        return lost
