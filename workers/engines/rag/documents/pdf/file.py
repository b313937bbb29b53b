"""One PDF file, opened with PDFium (the reader inside Chromium): its characters, and its pages as pictures."""

from __future__ import annotations

import ctypes
import math
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workers.messages.errors import UnsupportedInputError

from .words import SLANTED, Box, Glyph, PageWord, to_words

if TYPE_CHECKING:
    from PIL import Image

_PDFIUM = threading.RLock()
"""PDFium is not thread-safe, not even over different documents."""
MAX_CHARS = 200_000
"""Of one page; a page of a dictionary has 8,000."""
MIN_CHARS = 24
"""A page with fewer under a picture that covers it is a scan with a stamp or a number."""
COVERING = 0.5
"""Share of a page from which a picture is the page."""
_SAMPLE = 100
"""Characters from which a page has a text, if its fonts say which ones they are."""
_BLANK = frozenset({*range(2), *range(3, 33), 0x7F, 0xA0})
"""Control characters among them; 2 is PDFium's mark for a hyphen."""
_SLANT = 0.2
"""Of a quarter: what is turned by more runs neither level nor upright: a stamp, a watermark."""
_MAX_OBJECTS = 2_000
"""Looked at on one page, to find its lines, or what it shows in place of text."""
_MAX_SEGMENTS = 8
"""A path of more is a drawing."""


def is_pdf(data: bytes) -> bool:
    """Whether a file is one, however its name ends."""
    return b"%PDF-" in data[:1024]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWords:
    """What a page says, and what must be known about the rest of it."""

    words: tuple[PageWord, ...] = ()
    rules: tuple[Box, ...] = ()
    """Drawn lines and frames, in points of the page as it is stored."""
    width: float = 0.0
    """As shown, in points."""
    height: float = 0.0
    is_broken: bool = False
    """PDFium could not load it."""
    is_scan: bool = False
    """Whether it shows something that is no text: only a picture of it can be read."""
    is_cut: bool = False
    """Whether it has more than MAX_CHARS characters."""


class PdfFile:
    """An open file. Close it; every call takes the lock of PDFium."""

    def __init__(self, name: str, content: bytes | Path) -> None:
        """Raises: UnsupportedInputError if it is encrypted or damaged."""
        import pypdfium2

        with _PDFIUM:
            try:
                self._document = pypdfium2.PdfDocument(content)
                self.num_pages = len(self._document)
            except (pypdfium2.PdfiumError, FileNotFoundError) as err:
                raise _explain(name, str(err)) from err

    def close(self) -> None:
        """Let go of it."""
        with _PDFIUM:
            self._document.close()

    def page(self, index: int) -> PageWords:
        """Return what a page says; `index` from 0."""
        import pypdfium2

        with _PDFIUM:
            try:
                page = self._document[index]
            except pypdfium2.PdfiumError:
                return PageWords(is_broken=True)
            try:
                return _read(page)
            except pypdfium2.PdfiumError:
                return PageWords(is_broken=True)
            finally:
                page.close()

    def is_scan(self, index: int) -> bool:
        """Whether only OCR can read a page; `index` from 0. Quicker than reading it."""
        import pypdfium2

        with _PDFIUM:
            try:
                page = self._document[index]
            except pypdfium2.PdfiumError:
                return False
            try:
                text_page = page.get_textpage()
                num_chars = text_page.count_chars()
                sample = list(_glyphs(text_page, min(num_chars, _SAMPLE)))
                text_page.close()
                num_known = sum(not glyph.is_unknown for glyph in sample)
                has_text = num_chars >= _SAMPLE and num_known * 2 >= len(sample)
                return not has_text and _read(page).is_scan
            except pypdfium2.PdfiumError:
                return False
            finally:
                page.close()

    def picture(self, index: int, max_pixels: int, dpi: int) -> Image.Image:
        """Return a page as a grey or coloured picture, as it is shown, in at most `max_pixels`.

        Raises: UnsupportedInputError for a page that cannot be drawn.
        """
        import pypdfium2

        with _PDFIUM:
            try:
                page = self._document[index]
                width, height = page.get_size()
                area = max(width * height, 1.0)
                scale = min(dpi / 72, math.sqrt(max_pixels / area))
                if min(width, height) * scale < 1:
                    raise UnsupportedInputError(
                        f"Page {index + 1} is {width:.0f} × {height:.0f} points and cannot be drawn."
                    )
                bitmap = page.render(scale=scale)
                image: Image.Image = bitmap.to_pil().convert("RGB")
                bitmap.close()
                page.close()
            except (pypdfium2.PdfiumError, ValueError, MemoryError) as err:
                raise UnsupportedInputError(
                    f"Page {index + 1} is damaged and cannot be drawn."
                ) from err
        return image

    def to_shares(
        self, index: int, words: Iterable[PageWord]
    ) -> list[tuple[float, float, float, float]]:
        """Return where words stand on the page as shown: left, top, width, height in [0, 1]."""
        with _PDFIUM:
            page = self._document[index]
            turns = page.get_rotation() // 90
            x0, y0, x1, y1 = page.get_bbox()
            page.close()
        wide, high = max(x1 - x0, 1e-6), max(y1 - y0, 1e-6)
        shares = []
        for word in words:
            left, bottom, right, top = word.box
            box = (
                (left - x0) / wide,
                (y1 - top) / high,
                (right - x0) / wide,
                (y1 - bottom) / high,
            )
            for _ in range(turns):  # a quarter clockwise: (x, y) → (1 - y, x)
                box = (1 - box[3], box[0], 1 - box[1], box[2])
            shares.append((box[0], box[1], box[2] - box[0], box[3] - box[1]))
        return shares


def _explain(name: str, reason: str) -> UnsupportedInputError:
    if "password" in reason.lower():
        return UnsupportedInputError(
            f"{name} is encrypted and asks for a password.",
            hint="Save a copy without a password and add that.",
        )
    return UnsupportedInputError(
        f"{name} is a damaged PDF and cannot be opened.",
        hint="Open it in a PDF program and save it again.",
    )


def _read(page: Any) -> PageWords:
    text_page = page.get_textpage()
    try:
        num_chars = text_page.count_chars()
        glyphs = list(_glyphs(text_page, min(num_chars, MAX_CHARS)))
    finally:
        text_page.close()
    known = [glyph for glyph in glyphs if not glyph.is_unknown]
    is_garbled = len(known) < len(glyphs) / 2
    words = () if is_garbled else tuple(to_words(glyphs))
    width, height = page.get_size()
    num_letters = sum(len(word.text) for word in words)
    is_scan = num_letters < MIN_CHARS and (is_garbled or _shows_something(page, num_letters))
    return PageWords(
        words=words,
        rules=tuple(_rules(page)) if words else (),
        width=width,
        height=height,
        is_scan=is_scan,
        is_cut=num_chars > MAX_CHARS,
    )


def _shows_something(page: Any, num_letters: int) -> bool:
    """Whether a page of next to no text shows a picture that covers it, or, without any text, anything."""
    import pypdfium2
    from pypdfium2 import raw

    left, bottom, right, top = page.get_bbox()
    area = max((right - left) * (top - bottom), 1e-6)
    kinds = (raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_SHADING)
    for number, shown in enumerate(page.get_objects(filter=kinds, max_depth=3)):
        if num_letters == 0:
            return True
        if number >= _MAX_OBJECTS:
            return False
        if shown.type != raw.FPDF_PAGEOBJ_IMAGE:
            continue
        try:
            x0, y0, x1, y1 = shown.get_bounds()
        except pypdfium2.PdfiumError:
            continue
        if (x1 - x0) * (y1 - y0) >= COVERING * area:
            return True
    return False


def _rules(page: Any) -> Iterator[Box]:
    """Yield the boxes of straight lines, and of frames and fillings."""
    import pypdfium2
    from pypdfium2 import raw

    for number, shown in enumerate(page.get_objects(filter=(raw.FPDF_PAGEOBJ_PATH,), max_depth=2)):
        if number >= _MAX_OBJECTS:
            return
        if raw.FPDFPath_CountSegments(shown) > _MAX_SEGMENTS:
            continue
        try:
            yield shown.get_bounds()
        except pypdfium2.PdfiumError:
            continue


def _turns(angle: float) -> int:
    """Return the quarters of an angle (radians, clockwise; negative: not known), or that it is none."""
    quarters = -max(angle, 0.0) / (math.pi / 2)
    return round(quarters) % 4 if abs(quarters - round(quarters)) < _SLANT else SLANTED


def _glyphs(text_page: Any, num_chars: int) -> Iterator[Glyph]:
    from pypdfium2 import raw

    rect = raw.FS_RECTF()
    at = ctypes.byref(rect)
    was_blank = True
    turns, is_unknown = 0, False
    for index in range(num_chars):
        code = raw.FPDFText_GetUnicode(text_page, index)
        if code in _BLANK:
            was_blank = True
            yield Glyph(char=" ", box=(0, 0, 0, 0), turns=turns)
            continue
        raw.FPDFText_GetLooseCharBox(text_page, index, at)
        if was_blank:  # asked once a word: each question takes a microsecond
            angle = raw.FPDFText_GetCharAngle(text_page, index)
            turns = _turns(angle)
            is_unknown = raw.FPDFText_HasUnicodeMapError(text_page, index) == 1
        was_blank = False
        box = (rect.left, rect.bottom, rect.right, rect.top)
        yield Glyph(char=chr(code), box=box, turns=turns, is_unknown=is_unknown)
