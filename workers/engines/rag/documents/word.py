"""Word documents (docx), read as the HTML that mammoth makes of them."""

from __future__ import annotations

import io
from collections.abc import Iterator

from workers.messages.errors import UnsupportedInputError

from .section import OpenDocument, Section
from .web import html_sections


def open_docx(name: str, data: bytes) -> OpenDocument:
    """Open a Word document; pictures are left out, and there are no page numbers in the format."""
    return OpenDocument(sections=_sections(name, data))


def _sections(name: str, data: bytes) -> Iterator[Section]:
    import mammoth

    without_pictures = mammoth.images.img_element(lambda _image: {"src": ""})
    try:
        html = mammoth.convert_to_html(
            io.BytesIO(data), convert_image=without_pictures, external_file_access=False
        ).value
    except Exception as err:  # mammoth lets every XML and archive error through as it is
        raise UnsupportedInputError(
            f"{name} is a damaged Word document: {type(err).__name__}.",
            hint="Open it in Word or LibreOffice and save it again.",
        ) from err
    yield from html_sections(html)
