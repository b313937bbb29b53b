"""What became of pages that have no text of their own, as sentences for people. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .section import Section

_MAX_RANGES = 6


class PageNotes:
    """Gathers what the sections of one document lack."""

    def __init__(self) -> None:
        self._pages: dict[str, list[int]] = {}
        self.lost: Sequence[str] = ()
        """Sentences on other parts that could not be read: a slide, a sheet, an attachment."""

    def see(self, section: Section) -> None:
        """Note a section, if there is anything to say about its page."""
        if section.page is None or section.lacks == "blank":
            return
        kind = f"{section.lacks}, OCR" if section.by_ocr else section.lacks
        pages = self._pages.setdefault(kind, [])
        if kind and section.page not in pages[-1:]:
            pages.append(section.page)

    @property
    def num_scans(self) -> int:
        """Pages that only show a picture of their text, which nobody has read."""
        return len(self._pages.get("scan", ()))

    @property
    def text(self) -> str:
        """The sentences; "" if there is nothing to say."""
        pages = (self._sentence(kind) for kind in _SENTENCES)
        return " ".join(filter(None, (*pages, *self.lost)))

    def _sentence(self, kind: str) -> str:
        pages = self._pages.get(kind, [])
        if not pages:
            return ""
        one, many = _SENTENCES[kind]
        return (one if len(pages) == 1 else many).format(n=len(pages), pages=page_ranges(pages))


_SENTENCES = {
    ", OCR": ("Page {pages} was read by OCR.", "{n} pages were read by OCR: {pages}."),
    "scan, OCR": ("OCR found no text on page {pages}.", "OCR found no text on {n} pages: {pages}."),
    "scan": (
        "Page {pages} has no text layer (a scan?).",
        "{n} pages have no text layer (scans?): {pages}.",
    ),
    "damaged": (
        "Page {pages} is damaged and could not be read.",
        "{n} pages are damaged and could not be read: {pages}.",
    ),
    "time": (
        "Page {pages} was not read: the file took too long.",
        "{n} pages were not read, because the file took too long: {pages}.",
    ),
}
"""For one page and for several, in the order in which they are said."""


def page_ranges(pages: Iterable[int]) -> str:
    """Return for example "1–3, 7" for growing numbers; after a few ranges "…"."""
    ranges: list[list[int]] = []
    for page in pages:
        if ranges and page == ranges[-1][1] + 1:
            ranges[-1][1] = page
        else:
            ranges.append([page, page])
    words = [
        f"{first}" if first == last else f"{first}{', ' if last == first + 1 else '–'}{last}"
        for first, last in ranges[:_MAX_RANGES]
    ]
    return ", ".join(words) + (", …" if len(ranges) > _MAX_RANGES else "")


def why_empty(name: str, num_pages: int | None, notes: PageNotes) -> str:
    """Return why there is nothing to search in a file."""
    if num_pages is None:
        return f"{name} contains no text. {notes.text}".rstrip()
    if notes.text and notes.num_scans < num_pages:
        return f"{name} contains no text. {notes.text}"
    if not notes.text:
        pages = "page is" if num_pages == 1 else f"{num_pages:,} pages are"
        return f"{name} contains no text: its {pages} empty."
    pages = "page has" if num_pages == 1 else f"{num_pages:,} pages have"
    return f"{name} contains no text: its {pages} no text layer. Scanned pages need OCR first."
