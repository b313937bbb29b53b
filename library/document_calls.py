"""The verbs about documents: index, search, ask, list and delete. Made as those of `library.calls`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable

from typing_extensions import Unpack

from workers.client import Client
from workers.flows.collection_test.running import CollectionTested, run_collection_test
from workers.flows.documents import Question, ask_documents
from workers.flows.scans import ingest
from workers.messages import (
    CollectionInfo,
    Collections,
    DeleteCollection,
    DeleteDocument,
    DocumentIndexed,
    DocumentInfo,
    Documents,
    Event,
    Ingest,
    ListCollections,
    ListDocuments,
    Passage,
    PassageFilter,
    Retrieve,
)
from workers.messages.sampling import sampling_for

from . import results
from .answers import Answer
from .calls import FAITHFUL
from .inputs import File, to_files
from .library_call import (
    LibraryCall,
    OnProgress,
    OnText,
    deadline_of,
    each,
    no_piece,
    only,
    progress_of_event,
    text_of_event,
)
from .options import ChatOptions, check_names


def index(
    client: Client,
    /,
    collection: str,
    files: File | Iterable[File],
    *,
    on_progress: OnProgress | None = None,
    timeout_s: float | None = None,
) -> LibraryCall[tuple[DocumentIndexed, ...], DocumentIndexed]:
    """Add documents to a collection; a folder stands for the files in it.

    Returns what became of each: `.status` is "added", "unchanged" or "failed", the last with a
    `.reason`, which also names pages that OCR has read or that nobody could. `on_progress` counts pages, then chunks. Raises: AppError, FileNotFoundError.
    """
    request = Ingest(collection=collection, documents=to_files(files))

    def source(client: Client) -> AsyncGenerator[Event, None]:
        return ingest(client, request)

    return LibraryCall(
        source=source,
        result=results.indexed,
        piece=only(DocumentIndexed),
        watch=each(progress_of_event, on_progress),
        deadline=deadline_of(timeout_s),
    )


def search(
    client: Client,
    /,
    collection: str,
    query: str,
    *,
    top_k: int = 6,
    only: PassageFilter | None = None,
    timeout_s: float | None = None,
) -> LibraryCall[tuple[Passage, ...], Event]:
    """Return the passages nearest to a query, best first; `only` says where to look. Raises: AppError."""
    return LibraryCall(
        source=Retrieve(collection=collection, query=query, top_k=top_k, only=only),
        result=results.passages,
        piece=no_piece,
        deadline=deadline_of(timeout_s),
    )


def ask(
    client: Client,
    /,
    collection: str,
    question: str,
    *,
    num_passages: int = 6,
    quote: bool = False,
    on_text: OnText | None = None,
    **options: Unpack[ChatOptions],
) -> LibraryCall[Answer, str]:
    """Answer a question from a collection's documents, with citations. Raises: AppError.

    `quote`: the answer is the documents' own sentences; no text model is asked.
    """
    check_names(options, ChatOptions)
    model = options.get("model")
    card = client.models.get(model, "text") if model else client.card("text")
    sampling = sampling_for(card, {**FAITHFUL, **options})

    def source(client: Client) -> AsyncGenerator[Event, None]:
        asked = Question(
            text=question,
            collection=collection,
            sampling=sampling,
            top_k=num_passages,
            model=model,
            quotes=quote,
        )
        return ask_documents(client, asked)

    return LibraryCall(
        source=source,
        result=results.answer,
        piece=text_of_event,
        watch=each(text_of_event, on_text),
        deadline=deadline_of(options.get("timeout_s")),
    )


def measure_collection(
    client: Client,
    /,
    collection: str,
    *,
    num: int = 60,
    seed: int = 0,
    on_progress: OnProgress | None = None,
    timeout_s: float | None = None,
) -> LibraryCall[CollectionTested, Event]:
    """Ask at most `num` questions made from a collection's own passages; return how often they are found.

    `seed` chooses the passages. Raises: AppError; UnsupportedInputError for fewer than 10 different passages.
    """

    def source(client: Client) -> AsyncGenerator[Event, None]:
        return run_collection_test(client, collection, num=num, seed=seed)

    return LibraryCall(
        source=source,
        result=_tested,
        piece=no_piece,
        watch=each(progress_of_event, on_progress),
        deadline=deadline_of(timeout_s),
    )


def collections(client: Client, /) -> LibraryCall[tuple[CollectionInfo, ...], Event]:
    """List the collections of documents."""
    return LibraryCall(source=ListCollections(), result=_collections, piece=no_piece)


def documents(client: Client, /, collection: str) -> LibraryCall[tuple[DocumentInfo, ...], Event]:
    """List the documents of a collection. Raises: NotFoundError."""
    return LibraryCall(
        source=ListDocuments(collection=collection), result=_documents, piece=no_piece
    )


def delete_document(
    client: Client, /, collection: str, document_id: str
) -> LibraryCall[tuple[DocumentInfo, ...], Event]:
    """Remove a document; returns those that remain. Raises: NotFoundError."""
    request = DeleteDocument(collection=collection, document_id=document_id)
    return LibraryCall(source=request, result=_documents, piece=no_piece)


def delete_collection(
    client: Client, /, name: str
) -> LibraryCall[tuple[CollectionInfo, ...], Event]:
    """Remove a collection; returns those that remain. Raises: NotFoundError."""
    return LibraryCall(
        source=DeleteCollection(collection=name), result=_collections, piece=no_piece
    )


def _tested(events: tuple[Event, ...]) -> CollectionTested:
    return next(event for event in events if isinstance(event, CollectionTested))


def _collections(events: tuple[Event, ...]) -> tuple[CollectionInfo, ...]:
    return next(event.collections for event in events if isinstance(event, Collections))


def _documents(events: tuple[Event, ...]) -> tuple[DocumentInfo, ...]:
    return next(event.documents for event in events if isinstance(event, Documents))
