"""PDF files, page by page, with PDFium (the reader inside Chromium)."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any

from workers.messages.errors import UnsupportedInputError

from .section import OpenDocument, Section

_PDFIUM = threading.Lock()
"""PDFium is not thread-safe, not even over different documents."""


def open_pdf(name: str, data: bytes, max_pages: int) -> OpenDocument:
    """Open a PDF. Raises: UnsupportedInputError if it is encrypted, damaged or too long."""
    import pypdfium2

    with _PDFIUM:
        try:
            document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as err:
            raise _explain(name, str(err)) from err
        num_pages = len(document)
        if not 0 < num_pages <= max_pages:
            document.close()
    if num_pages == 0:
        raise UnsupportedInputError(f"{name} has no pages.")
    if num_pages > max_pages:
        raise UnsupportedInputError(
            f"{name} has {num_pages} pages; at most {max_pages} are read.",
            hint="Split it into smaller files.",
        )
    return OpenDocument(sections=_pages(document, num_pages), num_pages=num_pages)


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


def _pages(document: Any, num_pages: int) -> Iterator[Section]:
    try:
        for index in range(num_pages):
            with _PDFIUM:
                text = _page_text(document, index)
            yield Section(text=flow(text), page=index + 1)
    finally:
        with _PDFIUM:
            document.close()


def _page_text(document: Any, index: int) -> str:
    import pypdfium2

    try:
        page = document[index]
        text_page = page.get_textpage()
        text: str = text_page.get_text_bounded()
        text_page.close()
        page.close()
    except pypdfium2.PdfiumError:
        return ""  # a damaged page reads like one without text, and is reported like one
    return text


def flow(text: str) -> str:
    """Join the lines of a page into paragraphs and words cut by a hyphen into one."""
    text = text.replace("\r\n", "\n").replace("\x00", "")
    text = re.sub(r"[\ufffe\x02]\n?", "", text)  # PDFium's marks for a hyphen at a line's end
    text = re.sub(r"(?<=[a-z])-\n(?=[a-z])", "", text)
    return re.sub(r"(?<=[^\s.!?:;])\n(?=[a-z(])", " ", text).strip()
