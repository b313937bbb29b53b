"""A page of an indexed document as a picture, with the place of a passage on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from workers.messages import Chunk, DocumentInfo, Event, PageShown, ShowPage
from workers.messages.attached import is_hidden
from workers.messages.errors import DocumentNotFoundError, NotFoundError

from .collection_index import CollectionIndex
from .document_store import Collection
from .documents.pdf.columns import in_reading_order
from .documents.pdf.file import PdfFile, is_pdf
from .documents.pdf.lines import to_pieces
from .marking import Unit, boxes_of
from .scans import page_image, to_png

VIEW_DPI = 110
"""A page of A4 is then 909 pixels wide: as wide as a sheet of the page shows it."""
VIEW_PIXELS = 2_500_000
NO_MARK = "The passage was not found among the words of this page."
NOT_KEPT = (
    "The file of {name} is not kept here, so its pages cannot be shown: it was added before files "
    "were kept, or there was no room for it."
)
AGAIN = "Remove it and add it again."


def show_page(request: ShowPage, index: CollectionIndex) -> Iterator[Event]:
    """Yield PageShown.

    Raises: NotFoundError if there is no such passage, or none that has a page; UnsupportedInputError for
    a page that cannot be drawn.
    """
    collection, chunk, document = _find(request, index)
    page = request.page or chunk.page or 0
    if not 1 <= page <= (document.num_pages or 0):
        raise NotFoundError(f"{document.name} has no page {page} that can be shown.")
    data = index.originals.read(collection.space, document.document_id)
    if data is None:
        raise NotFoundError(NOT_KEPT.format(name=document.name), AGAIN)
    image = page_image(document.name, data, page, VIEW_PIXELS, VIEW_DPI)
    units: list[Unit] = [
        (text, box, number)
        for number, (text, box) in enumerate(
            index.originals.lines(collection.space, document.document_id, page)
        )
    ]
    if not units and is_pdf(data):
        units = _words(document.name, data, page)
    boxes = boxes_of(units, chunk.text)
    yield PageShown(
        request_id=request.request_id,
        name=document.name,
        page=page,
        num_pages=document.num_pages or 1,
        picture=to_png(image.convert("RGB")),
        boxes=boxes,
        note=NO_MARK if not boxes and page == chunk.page else "",
    )


def _find(request: ShowPage, index: CollectionIndex) -> tuple[Collection, Chunk, DocumentInfo]:
    """Raises: NotFoundError; files that are attached to chats are nobody else's."""
    document_id = request.chunk_id.rpartition(":")[0]
    if request.collection is not None and is_hidden(request.collection):
        raise DocumentNotFoundError("There is no such collection.")
    collection, _ = index.find_document(document_id, request.collection)
    found = index.document_store.chunks(collection, [request.chunk_id]).get(request.chunk_id)
    if found is None:
        raise DocumentNotFoundError("There is no such passage in these documents any more.")
    return collection, *found


def _words(name: str, data: bytes, page: int) -> list[Unit]:
    """Return the words of a page in reading order, line by line. Raises: UnsupportedInputError."""
    file = PdfFile(name, data)
    try:
        words = file.page(page - 1).words
        units: list[Unit] = []
        line = 0
        for turns, _ in Counter(word.turns for word in words).most_common():
            pieces = to_pieces(word for word in words if word.turns == turns)
            for rows in in_reading_order(pieces):
                for piece in (piece for row in rows for piece in row):
                    line += 1
                    shares = file.to_shares(page - 1, piece.words)
                    units += [
                        (word.text, box, line)
                        for word, box in zip(piece.words, shares, strict=True)
                    ]
        return units
    finally:
        file.close()
