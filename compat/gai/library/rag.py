"""`RAG`: Gai's collections and documents, and what `Gaigen` needs to index and retrieve.

Documents have Gai's columns as attributes (`Id`, `Title`, `ChunkCount`…); what people note about
them is kept as metadata under lower-case keys, as over HTTP.
"""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from pathlib import PurePath
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from library.session import Quintet
from workers.messages import (
    Chunk,
    Chunks,
    CollectionInfo,
    DeleteDocument,
    DocumentFound,
    DocumentIndexed,
    GetDocument,
    Ingest,
    ListChunks,
    Media,
    Metadata,
    Passage,
    Progress,
    UpdateDocument,
)
from workers.messages.errors import NotFoundError, UnsupportedInputError

if TYPE_CHECKING:
    import pandas as pd

StatusUpdater = Callable[[int], Awaitable[object] | object]
Content = tuple[str, str, Mapping[str, Any]]
"""Text, where it is from, and what is noted about it."""

COLUMNS = {
    "FileName": "filename",
    "Source": "source",
    "Abstract": "abstract",
    "Authors": "authors",
    "Title": "title",
    "Publisher": "publisher",
    "PublishedDate": "published_date",
    "Comments": "comments",
}
"""Gai's column → key of the metadata."""


@functools.cache
def shared_session() -> Quintet:
    """Return the session of `Gaigen` and `RAG`: one index is opened by one worker."""
    return Quintet()


class RAG:
    """Collections and documents, as in `gai.gen.rag.RAG`."""

    @staticmethod
    def list_collections() -> list[str]:
        """Return the names of all collections."""
        return [collection.name for collection in shared_session().collections()]

    @staticmethod
    def get_collection(name: str) -> CollectionInfo:
        """Return one collection. Raises: NotFoundError."""
        for collection in shared_session().collections():
            if collection.name == name:
                return collection
        raise NotFoundError(f"There is no collection called “{name}”.")

    @staticmethod
    def create_collection(name: str) -> CollectionInfo:
        """Make sure that a collection exists and return it. Raises: UnsupportedInputError."""
        shared_session().index(name, [])
        return RAG.get_collection(name)

    @staticmethod
    def delete_collection(name: str) -> int:
        """Remove a collection; returns how many remain. Raises: NotFoundError."""
        return len(shared_session().delete_collection(name))

    @staticmethod
    def collection_exists(name: str) -> bool:
        """Whether there is a collection of that name."""
        return name in RAG.list_collections()

    @staticmethod
    def list_chunks(collection: str) -> tuple[Chunk, ...]:
        """Return the chunks of all documents of a collection. Raises: NotFoundError."""
        events = shared_session().client.run(ListChunks(collection=collection))
        return next(event.chunks for event in events if isinstance(event, Chunks))

    @staticmethod
    def get_chunk(collection: str, chunk_id: str) -> Chunk:
        """Return one chunk. Raises: NotFoundError."""
        for chunk in RAG.list_chunks(collection):
            if chunk.chunk_id == chunk_id:
                return chunk
        raise NotFoundError(f"The collection “{collection}” has no chunk {chunk_id}.")

    @staticmethod
    def list_documents(collection: str) -> list[SimpleNamespace]:
        """Return the documents of a collection. Raises: NotFoundError."""
        session = shared_session()
        found = session.documents(collection)
        return [
            _document(DocumentFound(request_id="", collection=collection, document=document))
            for document in found
        ]

    @staticmethod
    def get_document(document_id: str) -> SimpleNamespace:
        """Return one document. Raises: NotFoundError."""
        return _found(GetDocument(document_id=document_id))

    @staticmethod
    def update_document(document: SimpleNamespace | Mapping[str, Any]) -> SimpleNamespace:
        """Change what is noted about a document; columns that are left out keep their text.

        Raises: NotFoundError; UnsupportedInputError without an Id.
        """
        columns = document if isinstance(document, Mapping) else vars(document)
        if not columns.get("Id"):
            raise UnsupportedInputError("The document has no Id.")
        noted = {
            key: str(columns[name])
            for name, key in COLUMNS.items()
            if columns.get(name) is not None
        }
        request = UpdateDocument(
            document_id=columns["Id"],
            metadata=tuple(noted.items()),
            collection=columns.get("CollectionName"),
        )
        return _found(request)

    @staticmethod
    def delete_document(document_id: str) -> None:
        """Remove a document. Raises: NotFoundError."""
        shared_session().client.run(DeleteDocument(document_id=document_id, collection=None))


def _found(request: GetDocument | UpdateDocument) -> SimpleNamespace:
    events = shared_session().client.run(request)
    return _document(next(event for event in events if isinstance(event, DocumentFound)))


def _document(found: DocumentFound) -> SimpleNamespace:
    document = found.document
    noted = dict(document.metadata)
    return SimpleNamespace(
        Id=document.document_id,
        CollectionName=found.collection,
        ChunkCount=document.num_chunks,
        ByteSize=document.num_bytes,
        ChunkSize=document.chunk_tokens,
        Overlap=document.overlap_tokens,
        SplitAlgo="semchunk",
        IsActive=True,
        CreatedAt=document.added_s,
        UpdatedAt=document.updated_s,
        **{name: noted.get(key) for name, key in COLUMNS.items()},
    )


async def index(
    session: Quintet,
    collection: str,
    content: Content,
    status_updater: StatusUpdater | None,
    chunking: Mapping[str, Any],
) -> str:
    """Add a text and return its document's id; one that is there already keeps its id.

    Raises: UnsupportedInputError if it cannot be indexed.
    """
    _warn_of(chunking)
    text, path_or_url, metadata = content
    name = PurePath(path_or_url).name or "document"
    plain = name if name.endswith((".txt", ".md")) else f"{name}.txt"
    noted = {"filename": name, **{key: str(value) for key, value in metadata.items()}}
    request = Ingest(
        collection=collection,
        documents=(Media(name=plain, data=text.encode()),),
        metadata=_metadata(noted),
    )
    outcome: DocumentIndexed | None = None
    async with aclosing(session.client.astream(request)) as events:
        async for event in events:
            if isinstance(event, Progress) and event.total:
                await _tell(status_updater, min(99, int(100 * event.done / event.total)))
            elif isinstance(event, DocumentIndexed):
                outcome = event
    if outcome is None or outcome.status == "failed":
        reason = outcome.reason if outcome else "it was stopped."
        raise UnsupportedInputError(f"{name} was not indexed: {reason}")
    await _tell(status_updater, 100)
    return outcome.document.document_id


def _metadata(noted: Mapping[str, str]) -> Metadata:
    return tuple(sorted(noted.items()))


async def _tell(status_updater: StatusUpdater | None, percent: int) -> None:
    if status_updater is None:
        return
    update = status_updater(percent)
    if inspect.isawaitable(update):
        await update


def _warn_of(chunking: Mapping[str, Any]) -> None:
    unknown = [name for name in chunking if name not in ("chunk_size", "chunk_overlap")]
    if unknown:
        raise TypeError(f"index_async() got an unexpected keyword argument {unknown[0]!r}")
    if any(chunking.values()):
        warnings.warn(
            "Chunks follow the document's structure; chunk_size and chunk_overlap are not used.",
            stacklevel=4,
        )


def to_table(passages: Sequence[Passage]) -> pd.DataFrame | None:
    """Return Gai's table, rows named by their rank; None if there is nothing."""
    if not passages:
        return None
    import pandas as pd

    return pd.DataFrame(
        {
            "documents": [passage.text for passage in passages],
            "metadatas": [dict(passage.metadata) for passage in passages],
            "distances": [1.0 - passage.score for passage in passages],
            "ids": [passage.chunk_id for passage in passages],
        }
    ).sort_values("distances")
