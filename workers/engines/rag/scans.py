"""Which pages of a document only OCR can read, and those pages as pictures."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING

from workers.engines.contract import CancelToken
from workers.messages import Event, FindScans, PageRendered, RenderPage, ScansFound
from workers.messages.errors import NotFoundError, UnsupportedInputError

from .collection_index import CollectionIndex
from .documents.pdf.file import PdfFile, is_pdf
from .documents.pictures import frame, is_picture, open_picture
from .documents.reader import DocumentLimits
from .ingest import read_file

if TYPE_CHECKING:
    from PIL import Image

OCR_DPI = 200
"""Small print of 6 points is then 17 pixels high, which the OCR here reads."""
OCR_PIXELS = 5_000_000
"""Of one page: A4 at 200 dpi has 3.9 million."""


def find_scans(
    request: FindScans, limits: DocumentLimits, index: CollectionIndex | None, cancel: CancelToken
) -> Iterator[Event]:
    """Yield ScansFound; a file that cannot be read has none, and says so when it is indexed."""
    pages: tuple[int, ...] = ()
    num_pages: int | None = None
    name = PurePath(request.document.name).name
    try:
        data = read_file(name, request.document, limits)
        if not _is_there(request, data, index):
            pages, num_pages = _scans(name, data, limits, cancel)
    except UnsupportedInputError:
        pages = ()
    if not cancel.is_cancelled:
        yield ScansFound(request_id=request.request_id, pages=pages, num_pages=num_pages)


def _is_there(request: FindScans, data: bytes, index: CollectionIndex | None) -> bool:
    if index is None or request.collection is None:
        return False
    try:
        index.find_document(hashlib.sha256(data).hexdigest(), request.collection)
    except NotFoundError:
        return False
    return True


def _scans(
    name: str, data: bytes, limits: DocumentLimits, cancel: CancelToken
) -> tuple[tuple[int, ...], int | None]:
    """Raises: UnsupportedInputError."""
    if len(data) > limits.max_file_mib * 2**20:
        return (), None
    if is_picture(data):
        num_frames = open_picture(name, data, limits.max_pages).num_pages or 0
        return tuple(range(1, num_frames + 1)), num_frames
    if not is_pdf(data):
        return (), None
    file = PdfFile(name, data)
    found = []
    try:
        for number in range(min(file.num_pages, limits.max_pages)):
            if cancel.is_cancelled:
                break
            cancel.progressed()
            if file.is_scan(number):
                found.append(number + 1)
    finally:
        file.close()
    return tuple(found), file.num_pages


def render_page(request: RenderPage, limits: DocumentLimits) -> Iterator[Event]:
    """Yield PageRendered. Raises: UnsupportedInputError for a page that is not there or cannot be drawn."""
    name = PurePath(request.document.name).name
    data = read_file(name, request.document, limits)
    image = page_image(name, data, request.page, OCR_PIXELS, OCR_DPI)
    yield PageRendered(
        request_id=request.request_id, picture=to_png(image), width=image.width, height=image.height
    )


def page_image(name: str, data: bytes, page: int, max_pixels: int, dpi: int) -> Image.Image:
    """Return a page, from 1, of a PDF or a picture. Raises: UnsupportedInputError."""
    if is_picture(data):
        return frame(name, data, page - 1, max_pixels)
    if not is_pdf(data):
        raise UnsupportedInputError(f"{name} has no pages that can be drawn.")
    file = PdfFile(name, data)
    try:
        if not 1 <= page <= file.num_pages:
            raise UnsupportedInputError(f"{name} has {file.num_pages} pages, and no page {page}.")
        return file.picture(page - 1, max_pixels, dpi)
    finally:
        file.close()


def to_png(image: Image.Image) -> bytes:
    """Return a picture as PNG, quickly rather than small."""
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()
