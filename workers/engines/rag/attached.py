"""Files attached to chats: read as text, and forgotten when those who attached them have gone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from workers.engines.contract import CancelToken
from workers.messages import DocumentRead, Event, Progress, ReadDocument
from workers.messages.attached import is_alive, scope_of
from workers.messages.errors import UnsupportedInputError
from workers.messages.places import place_words

from .collection_index import CollectionIndex
from .documents.page_notes import PageNotes, why_empty
from .documents.reader import DocumentLimits, open_document
from .documents.section import Section, with_page_texts
from .ingest import read_file

SEPARATOR = "\n\n"


def read_document(
    request: ReadDocument, limits: DocumentLimits, cancel: CancelToken
) -> Iterator[Event]:
    """Yield Progress (pages) and one DocumentRead; nothing more once cancelled.

    Reading stops where `max_chars` is passed. Raises: UnsupportedInputError.
    """
    name = request.document.name
    opened = open_document(
        name, read_file(name, request.document, limits), limits, cancel.progressed
    )
    opened = with_page_texts(opened, {one.page: one.text for one in request.page_texts})
    read = _Text()
    read.notes.lost = opened.lost
    for section in opened.sections:
        if cancel.is_cancelled:
            return
        cancel.progressed()
        read.add(section)
        if section.page is not None and opened.num_pages is not None:
            yield Progress(
                request_id=request.request_id,
                done=section.page,
                total=opened.num_pages,
                unit="pages",
                what=f"reading {name}",
            )
        if read.num_chars > request.max_chars:
            break
    if not read.parts:
        raise UnsupportedInputError(why_empty(name, opened.num_pages, read.notes))
    yield DocumentRead(
        request_id=request.request_id,
        text=SEPARATOR.join(read.parts)[: request.max_chars],
        num_pages=opened.num_pages,
        is_cut=read.num_chars > request.max_chars,
        note=read.notes.text,
    )


@dataclass(slots=True)
class _Text:
    """What has been read so far."""

    parts: list[str] = field(default_factory=list)
    notes: PageNotes = field(default_factory=PageNotes)
    num_chars: int = 0

    def add(self, section: Section) -> None:
        self.notes.see(section)
        text = section.text.strip()
        if not text:
            return
        place = place_words(None, dict(section.place))
        heading = " · ".join(filter(None, (place, " > ".join(section.headings))))
        self.parts.append(f"{heading}\n{text}" if heading else text)
        self.num_chars += len(self.parts[-1]) + len(SEPARATOR)


def sweep_attached(index: CollectionIndex) -> None:
    """Remove what chats have left that were to leave nothing, and whose process has ended."""
    for collection in index.document_store.collections():
        if (scope := scope_of(collection.name)) and not is_alive(scope, os.getppid()):
            index.delete_collection(collection.name)
