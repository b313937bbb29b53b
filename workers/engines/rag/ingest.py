"""Takes files in, several requests at once, but one document never twice at the same time."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePath

from workers.engines.contract import CancelToken
from workers.messages import (
    DocumentIndexed,
    DocumentInfo,
    Event,
    Finished,
    Ingest,
    Media,
    Metadata,
    Usage,
)
from workers.messages.amounts import fine_size_words
from workers.messages.errors import RequestError, UnsupportedInputError

from .chunking import MAX_TOKENS, OVERLAP_TOKENS
from .collection_index import CollectionIndex
from .document_store import Collection
from .documents.reader import DocumentLimits
from .engine import Embedder
from .indexing import Indexing
from .metadata import checked


class Ingestion:
    """Answers Ingest requests."""

    def __init__(self, index: CollectionIndex, embedder: Embedder, limits: DocumentLimits) -> None:
        """`limits` hold for each file."""
        self._index = index
        self._embedder = embedder
        self._limits = limits
        self._busy: set[tuple[int, str]] = set()
        self._changed = threading.Condition()

    def run(self, request: Ingest, cancel: CancelToken) -> Iterator[Event]:
        """Index every file: Progress… and one DocumentIndexed each, and the end; stops early when cancelled.

        A file that cannot be read is a DocumentIndexed with status "failed" and harms no other.
        Without files it only makes sure that the collection exists.
        Raises: UnsupportedInputError for the collection's name or the metadata,
        DiskFullError.
        """
        metadata = checked(request.metadata)
        collection = self._index.open_or_create(request.collection)
        usage = Usage()
        for number, media in enumerate(request.documents):
            if cancel.is_cancelled:
                return
            indexing = Indexing(
                index=self._index,
                embedder=self._embedder,
                limits=self._limits,
                request_id=request.request_id,
                collection=collection,
                cancel=cancel,
                page_texts=[one for one in request.page_texts if one.document == number],
            )
            yield from self._add(indexing, media, metadata)
            usage = Usage(
                num_chunks=usage.num_chunks + indexing.num_embedded,
                prefill_s=usage.prefill_s + indexing.embedding_s,
            )
        if not cancel.is_cancelled:
            yield Finished(request_id=request.request_id, usage=usage)

    def _add(self, indexing: Indexing, media: Media, metadata: Metadata) -> Iterator[Event]:
        name = PurePath(media.name).name or "document"
        document = DocumentInfo(
            document_id="",
            name=name,
            num_pages=None,
            num_chunks=0,
            num_bytes=0,
            metadata=metadata,
            chunk_tokens=MAX_TOKENS,
            overlap_tokens=OVERLAP_TOKENS,
            added_s=time.time(),
        )
        try:
            data = read_file(name, media, self._limits)
            sha256 = hashlib.sha256(data).hexdigest()
            document = replace(document, document_id=sha256, num_bytes=len(data))
            with self._claimed(indexing.collection, sha256, indexing.cancel) as is_mine:
                if is_mine:
                    yield from indexing.run(document, data)
        except RequestError as err:
            yield DocumentIndexed(
                request_id=indexing.request_id,
                document=document,
                status="failed",
                reason=str(err),
            )

    @contextmanager
    def _claimed(
        self, collection: Collection, document_id: str, cancel: CancelToken
    ) -> Iterator[bool]:
        """Wait until nobody else indexes this very document; False if cancelled while waiting."""
        key = (collection.key, document_id)
        with self._changed:
            while key in self._busy and not cancel.is_cancelled:
                self._changed.wait(0.1)
            is_mine = key not in self._busy
            self._busy.add(key)
        try:
            yield is_mine
        finally:
            with self._changed:
                if is_mine:
                    self._busy.discard(key)
                self._changed.notify_all()


def read_file(name: str, media: Media, limits: DocumentLimits) -> bytes:
    """Return a file's bytes.

    Raises: UnsupportedInputError if the file has gone or is too large even to be opened.
    """
    try:
        num_bytes = Path(media.path).stat().st_size if media.path else 0
        most = limits.max_file_mib * 2**20
        if num_bytes > most:
            raise UnsupportedInputError(
                f"{name} has {fine_size_words(num_bytes)}; at most {fine_size_words(most)} are read.",
                hint="Split it into smaller files.",
            )
        return media.read()
    except OSError as err:
        raise UnsupportedInputError(
            f"{name} could not be opened: {err.strerror}.", hint="Upload it again."
        ) from err
