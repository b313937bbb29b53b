"""The rag worker: collections of documents that can be searched by meaning.

Answers every rag request; knows the embedder and the store only by their protocols.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from workers.engines.contract import CancelToken
from workers.messages import (
    Chunks,
    Collections,
    DeleteCollection,
    DeleteDocument,
    DocumentFound,
    Documents,
    Embed,
    Embedded,
    Event,
    FindScans,
    Finished,
    GetDocument,
    Ingest,
    ListChunks,
    ListCollections,
    ListDocuments,
    Loading,
    ReadDocument,
    Ready,
    RenderPage,
    Request,
    Rerank,
    Reranked,
    Retrieve,
    ShowPage,
    UpdateDocument,
    Usage,
)
from workers.messages.errors import ContextTooLongError, FolderInUseError, UnsupportedInputError
from workers.messages.process_spec import ReportLoading, WorkerSettings
from workers.models.weights import verified_folder

from .attached import read_document, sweep_attached
from .chroma import ChromaStore
from .chunking import MAX_TOKENS
from .collection_index import CollectionIndex
from .document_store import DocumentStore
from .documents.reader import DocumentLimits
from .engine import Embedder, StoppedError, readable
from .ingest import Ingestion
from .lock import FolderLock
from .originals import Originals
from .page_view import show_page
from .reranking import Reranking
from .scans import find_scans, render_page
from .searching import Searching

_MIN_SLOTS = 4
"""Questions are quick and must not queue behind a file that takes minutes to index."""
_WITHOUT_INDEX = (Embed, Rerank, ReadDocument, FindScans, RenderPage)
"""What is answered while another program has the collections open."""

Answer = Callable[[Any, CancelToken], Iterator[Event]]


class RagWorker:
    """Embeds, indexes and retrieves with one embedder."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._opening = threading.Lock()
        self._is_open = False
        self._answers: dict[type[Request], Answer] = {
            Embed: self._embed,
            Ingest: self._ingest,
            Rerank: self._rerank,
            Retrieve: self._retrieve,
            ReadDocument: self._read_document,
            FindScans: self._find_scans,
            RenderPage: self._render_page,
            ShowPage: self._show_page,
            ListCollections: self._list_collections,
            ListDocuments: self._list_documents,
            GetDocument: self._get_document,
            UpdateDocument: self._update_document,
            ListChunks: self._list_chunks,
            DeleteDocument: self._delete_document,
            DeleteCollection: self._delete_collection,
        }

    def load(self, settings: WorkerSettings, report: ReportLoading) -> Ready:
        """Load the embedding model and open the index."""
        started = time.monotonic()
        folder = verified_folder(settings.card, settings.data_dir, report)
        report(Loading(what="loading the embedding model"))
        self._embedder.load(folder, settings, report)
        self._reranking = Reranking(settings, self._embedder)
        report(Loading(what="opening the index"))
        self._settings = settings
        limits = settings.limits
        self._bounds = DocumentLimits(
            max_file_mib=limits.get("max_file_mib", 50.0),
            max_pages=int(limits.get("max_pages", 2000)),
        )
        self._lock = FolderLock(settings.data_dir / "collections")
        with suppress(FolderInUseError):  # another program has it: embedding goes on without, and a
            self._open_index()  # question about documents tries again and says so
        return Ready(
            slots=max(self._embedder.slots, settings.slots, _MIN_SLOTS),
            device=self._embedder.device,
            capabilities=self._embedder.capabilities
            | {"embed", "hybrid", "pdf", "docx", "html", "md", "txt", "csv", "pictures"}
            | ({"rerank"} if settings.reranker else set()),
            context_length=self._embedder.context_length,
            load_s=time.monotonic() - started,
        )

    def _open_index(self) -> None:
        """Open the collections, unless they are. Raises: FolderInUseError if another program has them."""
        with self._opening:
            if not self._is_open:
                self._lock.take()
                self._read_index()
                self._is_open = True

    def _read_index(self) -> None:
        folder = self._settings.data_dir / "collections"
        self._index = CollectionIndex(
            DocumentStore(folder / "ledger.sqlite3"),
            ChromaStore(folder / "vectors"),
            Originals(folder / "originals"),
            self._embedder.model_id,
            self._embedder.dim,
        )
        self._index.sweep()
        sweep_attached(self._index)
        self._searching = Searching(self._index, self._embedder, self._reranking)
        self._ingestion = Ingestion(self._index, self._embedder, self._bounds)

    def handle(self, request: Request, cancel: CancelToken) -> Iterator[Event]:
        """Answer one request."""
        if not isinstance(request, _WITHOUT_INDEX):
            self._open_index()
        with suppress(StoppedError), self._embedder.stopped_by(cancel):
            yield from self._answers[type(request)](request, cancel)

    def close(self) -> None:
        """Close the files and free the model."""
        if self._is_open:
            self._index.close()
        self._lock.release()
        self._reranking.close()
        self._embedder.close()

    def _embed(self, request: Embed, cancel: CancelToken) -> Iterator[Event]:
        import numpy as np

        if not request.texts:
            raise UnsupportedInputError("There is no text to embed.")
        lengths = self._lengths(request)
        max_tokens = self._embedder.context_length
        rows = [np.zeros((0, self._embedder.dim), dtype=np.float32)]
        step = self._embedder.batch_size
        started = time.monotonic()
        for start in range(0, len(request.texts), step):
            if cancel.is_cancelled:
                return
            rows.append(self._embedder.embed(request.texts[start : start + step]))
            cancel.progressed()
        embedding_s = time.monotonic() - started
        num_tokens = sum(min(length, max_tokens) for length in lengths)
        yield Embedded(
            request_id=request.request_id,
            vectors=np.concatenate(rows).tobytes(),
            dim=self._embedder.dim,
            num_tokens=num_tokens,
            num_cut=sum(length > max_tokens for length in lengths),
        )
        usage = Usage(num_chunks=num_tokens / MAX_TOKENS, prefill_s=embedding_s)
        yield Finished(request_id=request.request_id, usage=usage)

    def _lengths(self, request: Embed) -> list[int]:
        """Return the tokens of each text. Raises: ContextTooLongError for one that may not be cut."""
        most = self._embedder.context_length
        lengths = [self._embedder.count_tokens(readable(text, most)) for text in request.texts]
        longest = max(lengths)
        if longest > most and not request.may_cut:
            raise ContextTooLongError(
                f"Text {lengths.index(longest)} of the input is {longest:,} tokens long; "
                f"{self._settings.card.name} reads {most:,}.",
                "Shorten it, or cut it into parts.",
                num_tokens=longest,
            )
        return lengths

    def _ingest(self, request: Ingest, cancel: CancelToken) -> Iterator[Event]:
        return self._ingestion.run(request, cancel)

    def _rerank(self, request: Rerank, cancel: CancelToken) -> Iterator[Event]:
        if not request.texts:
            raise UnsupportedInputError("There is no text to judge.")
        if not request.query.strip():
            raise UnsupportedInputError("There is no question to judge by.")
        by_vectors = request.by_vectors or not self._reranking.is_set_up
        order = self._reranking.compare if by_vectors else self._reranking.judge
        result = order(request.query, request.texts, cancel)
        if result is not None:
            yield Reranked(
                request_id=request.request_id,
                scores=result.scores,
                model=result.model,
                num_tokens=result.num_tokens,
            )

    def _retrieve(self, request: Retrieve, cancel: CancelToken) -> Iterator[Event]:
        return self._searching.run(request, cancel)

    def _read_document(self, request: ReadDocument, cancel: CancelToken) -> Iterator[Event]:
        return read_document(request, self._bounds, cancel)

    def _find_scans(self, request: FindScans, cancel: CancelToken) -> Iterator[Event]:
        if request.collection is None:
            return find_scans(request, self._bounds, None, cancel)
        self._open_index()
        return find_scans(request, self._bounds, self._index, cancel)

    def _render_page(self, request: RenderPage, _cancel: CancelToken) -> Iterator[Event]:
        return render_page(request, self._bounds)

    def _show_page(self, request: ShowPage, _cancel: CancelToken) -> Iterator[Event]:
        return show_page(request, self._index)

    def _list_collections(self, request: ListCollections, _cancel: CancelToken) -> Iterator[Event]:
        found = self._index.collections(is_attached=request.is_attached)
        yield Collections(request_id=request.request_id, collections=found)

    def _list_documents(self, request: ListDocuments, _cancel: CancelToken) -> Iterator[Event]:
        yield self._documents(request.request_id, request.collection)

    def _get_document(self, request: GetDocument, _cancel: CancelToken) -> Iterator[Event]:
        held_by, document = self._index.find_document(request.document_id, request.collection)
        yield DocumentFound(
            request_id=request.request_id, collection=held_by.name, document=document
        )

    def _update_document(self, request: UpdateDocument, _cancel: CancelToken) -> Iterator[Event]:
        held_by, document = self._index.update_document(
            request.document_id, request.collection, request.metadata
        )
        yield DocumentFound(
            request_id=request.request_id, collection=held_by.name, document=document
        )

    def _list_chunks(self, request: ListChunks, _cancel: CancelToken) -> Iterator[Event]:
        yield Chunks(
            request_id=request.request_id,
            collection=request.collection,
            chunks=self._index.chunks(request.collection, request.document_id),
        )

    def _delete_document(self, request: DeleteDocument, _cancel: CancelToken) -> Iterator[Event]:
        collection = self._index.delete_document(request.document_id, request.collection)
        yield self._documents(request.request_id, collection.name)

    def _delete_collection(
        self, request: DeleteCollection, _cancel: CancelToken
    ) -> Iterator[Event]:
        self._index.delete_collection(request.collection)
        yield Collections(request_id=request.request_id, collections=self._index.collections())

    def _documents(self, request_id: str, collection: str) -> Documents:
        return Documents(
            request_id=request_id,
            collection=collection,
            documents=self._index.documents(collection),
        )
