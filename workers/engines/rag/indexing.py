"""Indexing one file: read, cut, embed, store, and only then say that it is there."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from workers.engines.contract import CancelToken
from workers.messages import Chunk, DocumentIndexed, DocumentInfo, Event, PageText, Progress
from workers.messages.attached import is_hidden
from workers.messages.errors import DiskFullError, GenerationError, UnsupportedInputError

from .chunking import slices
from .collection_index import CollectionIndex
from .document_store import Collection
from .documents.page_notes import PageNotes, why_empty
from .documents.pdf.file import is_pdf
from .documents.pictures import is_picture
from .documents.reader import DocumentLimits, open_document
from .documents.section import OpenDocument, Section, with_page_texts
from .engine import Embedder
from .metadata import with_said

if TYPE_CHECKING:
    from .engine import FloatArray

_WRITE_BATCH = 32
"""Chunks per write: a write waits for the disk, about as long as half a chunk takes to embed."""


@dataclass(kw_only=True)
class Indexing:
    """One file on its way into a collection."""

    index: CollectionIndex
    embedder: Embedder
    limits: DocumentLimits
    request_id: str
    collection: Collection
    cancel: CancelToken
    page_texts: Sequence[PageText] = ()
    """What OCR has found on scanned pages."""
    notes: PageNotes = field(default_factory=PageNotes)
    num_embedded: int = 0
    """Chunks whose vectors were computed."""
    embedding_s: float = 0.0

    def run(self, document: DocumentInfo, data: bytes) -> Iterator[Event]:
        """Yield Progress…, then DocumentIndexed; nothing is left behind if cancelled or failed.

        Raises: UnsupportedInputError, DiskFullError, GenerationError.
        """
        there = self.index.document_store.document(self.collection, document.document_id)
        if there is not None:
            yield DocumentIndexed(
                request_id=self.request_id,
                document=replace(there, name=document.name),
                status="unchanged",
                reason="" if there.name == document.name else f"The same file as {there.name}.",
            )
            return
        opened = open_document(document.name, data, self.limits, self.cancel.progressed)
        self.notes.lost = opened.lost
        opened = with_page_texts(opened, {one.page: one.text for one in self.page_texts})
        chunks = yield from self._cut(document, opened)
        if self.cancel.is_cancelled:
            return
        if not chunks:
            raise UnsupportedInputError(why_empty(document.name, opened.num_pages, self.notes))
        document = replace(
            document,
            num_pages=opened.num_pages,
            num_chunks=len(chunks),
            metadata=with_said(document.metadata, opened.metadata),
        )
        yield from self._store(document, chunks, data if is_pdf(data) or is_picture(data) else None)

    def _store(
        self, document: DocumentInfo, chunks: list[Chunk], original: bytes | None
    ) -> Iterator[Event]:
        """`original`: the file, if it has pages that can be shown."""
        note = self._note(document.name)
        self.index.document_store.begin(self.collection, document.document_id)
        is_complete = False
        try:
            yield from self._embed(document.name, chunks)
            if self.cancel.is_cancelled:
                return
            note = f"{note} {self._keep(document.document_id, original)}".strip()
            is_complete = self.index.document_store.complete(self.collection, document, chunks)
        finally:
            if not is_complete:
                self._discard(document.document_id)
        if not is_complete:
            raise UnsupportedInputError("The collection was deleted meanwhile.")
        yield DocumentIndexed(
            request_id=self.request_id, document=document, status="added", reason=note
        )

    def _keep(self, document_id: str, original: bytes | None) -> str:
        """Keep a file whose pages can be shown; returns why it is not kept. Chats keep theirs themselves."""
        if original is None or is_hidden(self.collection.name):
            return ""
        space = self.collection.space
        return self.index.originals.keep(space, document_id, original, self.page_texts)

    def _discard(self, document_id: str) -> None:
        try:
            self.index.discard(self.collection, document_id)
        except (DiskFullError, GenerationError):
            return  # deleting needs room too: the document stays noted, and the next start sweeps

    def _cut(
        self, document: DocumentInfo, opened: OpenDocument
    ) -> Generator[Event, None, list[Chunk]]:
        """Read all sections and cut them; an unfinished list after a cancel."""
        pages: list[Progress] = []
        chunks: list[Chunk] = []
        sections = self._sections(opened, document.name, pages)
        for piece in slices(sections, self._count_tokens):
            number = len(chunks)
            chunks.append(
                Chunk(
                    chunk_id=f"{document.document_id}:{number}",
                    document_id=document.document_id,
                    page=piece.page,
                    sha256=piece.sha256,
                    text=piece.text,
                    place=piece.place,
                )
            )
            yield from pages
            pages.clear()
        return chunks

    def _count_tokens(self, text: str) -> int:
        """Count, and say that cutting goes on: a long text without pages takes minutes to cut."""
        self.cancel.progressed()
        return self.embedder.count_tokens(text)

    def _sections(
        self, opened: OpenDocument, name: str, pages: list[Progress]
    ) -> Iterator[Section]:
        """Pass the sections on until cancelled; note page progress and pages without text."""
        for section in opened.sections:
            if self.cancel.is_cancelled:
                return
            self.notes.see(section)
            if section.page is not None and opened.num_pages is not None:
                pages.append(
                    Progress(
                        request_id=self.request_id,
                        done=section.page,
                        total=opened.num_pages,
                        unit="pages",
                        what=f"reading {name}",
                    )
                )
            yield section

    def _embed(self, name: str, chunks: list[Chunk]) -> Iterator[Event]:
        """Write the vectors of all chunks; those of texts seen before are not computed again."""
        for start in range(0, len(chunks), _WRITE_BATCH):
            batch = chunks[start : start + _WRITE_BATCH]
            vectors = self.index.known_vectors(self.collection, batch)
            new = [chunk for chunk in batch if chunk.sha256 not in vectors]
            step = self.embedder.batch_size
            for at in range(0, len(new), step):
                if self.cancel.is_cancelled:
                    return
                few = new[at : at + step]
                texts = [chunk.text for chunk in few]
                started = time.monotonic()
                rows = self.embedder.embed(texts, self.embedder.prompts.passage)
                self.embedding_s += time.monotonic() - started
                self.num_embedded += len(few)
                vectors.update(zip((chunk.sha256 for chunk in few), rows, strict=True))
                done = start + len(batch) - len(new) + at + len(few)
                yield self._progress(name, done, len(chunks))
            self._write(batch, vectors)
            yield self._progress(name, start + len(batch), len(chunks))

    def _write(self, batch: list[Chunk], vectors: dict[str, FloatArray]) -> None:
        import numpy as np

        rows = np.stack([vectors[chunk.sha256] for chunk in batch])
        self.index.add_vectors(self.collection, batch, rows)

    def _progress(self, name: str, done: int, total: int) -> Progress:
        return Progress(
            request_id=self.request_id, done=done, total=total, unit="chunks", what=name
        )

    def _note(self, name: str) -> str:
        """What the user should know about a file that is being added."""
        notes = [note] if (note := self.notes.text) else []
        if any(
            other.name == name for other in self.index.document_store.documents(self.collection)
        ):
            notes.append(f"Another version of {name} is in this collection too.")
        return " ".join(notes)
