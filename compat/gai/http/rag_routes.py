"""Gai/Gen's routes for documents, and the WebSocket that tells how far indexing is."""

from __future__ import annotations

from contextlib import aclosing
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, File, Form, UploadFile, WebSocket

from api.core.dialect import Dialect
from api.core.uploads import saved
from api.gate.admin import allow_admin
from configs.settings import Settings
from workers.client import Client
from workers.flows.filters import filter_of
from workers.flows.scans import ingest
from workers.messages import (
    Chunks,
    Collections,
    DeleteCollection,
    DeleteDocument,
    DocumentFound,
    DocumentIndexed,
    Documents,
    Event,
    GetDocument,
    Ingest,
    ListChunks,
    ListCollections,
    ListDocuments,
    PageShown,
    Request,
    Retrieve,
    Retrieved,
    ShowPage,
)
from workers.messages.errors import UnsupportedInputError

from . import rag_convert as convert
from .errors import DuplicateChunkError, on_invalid, on_rag_error
from .progress import Listeners, Percent
from .rag_schemas import DocumentBody, RetrieveBody
from .schemas import Text

Json = dict[str, Any]
PREFIX = "/gen/v1/rag"
Found = TypeVar("Found", bound=Event)


def create_router(client: Client, settings: Settings) -> APIRouter:
    """Return the routes under /gen/v1/rag, and /ws."""
    router = APIRouter()
    _add_indexing(router, client, settings)
    _add_search(router, client)
    _add_page(router, client)
    _add_documents(router, client)
    return router


def _add_indexing(router: APIRouter, client: Client, settings: Settings) -> None:
    listeners = Listeners()

    @router.websocket("/ws")
    @router.websocket(f"{PREFIX}/ws")
    async def listen(socket: WebSocket) -> None:
        """Tell how far the indexing is."""
        await listeners.serve(socket)

    @router.post(f"{PREFIX}/index_file")
    @router.post(f"{PREFIX}/index-file", include_in_schema=False)
    async def index_file(
        collection_name: Annotated[Text, Form()],
        file: Annotated[UploadFile, File()],
        metadata: Annotated[str, Form()] = "{}",
    ) -> Json:
        """Add a document; `metadata` is a JSON object as text. Answers when it can be searched."""
        noted = convert.to_metadata(metadata)
        async with saved(file, settings.server.max_upload_mib) as media:
            request = Ingest(collection=collection_name, documents=(media,), metadata=noted)
            indexed = await _index(client, request, listeners)
            note = {"note": indexed.reason} if indexed.reason else {}
            return {"document_id": indexed.document.document_id, **note}


async def _index(client: Client, request: Ingest, listeners: Listeners) -> DocumentIndexed:
    """Return what was added. Raises: DuplicateChunkError, UnsupportedInputError."""
    percent = Percent()
    indexed: DocumentIndexed | None = None
    async with aclosing(ingest(client, request)) as events:
        async for event in events:
            number = percent.of(event)
            if number is not None:
                listeners.tell(number)
            if isinstance(event, DocumentIndexed):
                indexed = event
    if indexed is None or indexed.status == "failed":
        raise UnsupportedInputError(indexed.reason if indexed else "The indexing was stopped.")
    if indexed.status == "unchanged":
        raise DuplicateChunkError(
            f"{indexed.document.name} is in the collection “{request.collection}” already, as "
            f"{indexed.document.document_id}.",
            "Delete that document first, or change what is noted about it.",
        )
    return indexed


def _add_page(router: APIRouter, client: Client) -> None:
    @router.get(PREFIX + "/passage/{chunk_id}/page")
    async def passage_page(chunk_id: str, page: int | None = None) -> Json:
        """The picture of a passage's page (PNG as base64), and where the passage stands on it.

        A box is left, top, width, height as shares of the page. `page` asks for another page of the document.
        """
        shown = await _one(client, ShowPage(chunk_id=chunk_id, page=page), PageShown)
        return convert.page_row(shown)


def _add_search(router: APIRouter, client: Client) -> None:
    @router.post(f"{PREFIX}/retrieve")
    async def retrieve(
        body: RetrieveBody,
        format: Literal["columns", "records"] | None = None,
    ) -> Json | list[Json] | None:
        """Find the nearest passages; `format=records` gives a list of rows."""
        only = filter_of(
            files=body.only_files,
            types=body.only_types,
            pages=body.only_pages,
            since=body.only_since,
            until=body.only_until,
        )
        request = Retrieve(
            collection=body.collection_name, query=body.query_texts, top_k=body.n_results, only=only
        )
        passages = (await _one(client, request, Retrieved)).passages
        if (format or body.format) == "records":
            return convert.records(passages)
        return convert.columns(passages)

    @router.get(f"{PREFIX}/collections")
    async def list_collections() -> Json:
        """The names of all collections."""
        found = await _one(client, ListCollections(), Collections)
        return {"collections": [collection.name for collection in found.collections]}

    @router.get(PREFIX + "/collection/{name}")
    async def list_documents(name: str) -> Json:
        """The documents of a collection."""
        found = await _one(client, ListDocuments(collection=name), Documents)
        return {"documents": [convert.document_row(document) for document in found.documents]}

    @router.delete(PREFIX + "/collection/{name}", dependencies=[allow_admin("delete documents")])
    async def delete_collection(name: str) -> Json:
        """Delete a collection and its documents; answers with the number of those that remain."""
        left = await _one(client, DeleteCollection(collection=name), Collections)
        return {"count": len(left.collections)}


def _add_documents(router: APIRouter, client: Client) -> None:
    """Add what is done by a document's id; `collection_name` says which one of several is meant."""

    @router.get(PREFIX + "/document/{document_id}")
    async def show(document_id: str, collection_name: str | None = None) -> Json:
        """All columns of a document, and its chunks."""
        request = GetDocument(document_id=document_id, collection=collection_name)
        found = await _one(client, request, DocumentFound)
        listing = ListChunks(collection=found.collection, document_id=document_id)
        chunks = (await _one(client, listing, Chunks)).chunks
        return {"document": convert.document_object(found.collection, found.document, chunks)}

    @router.post(
        f"{PREFIX}/document", dependencies=[allow_admin("change what is noted about documents")]
    )
    async def update(body: DocumentBody, collection_name: str | None = None) -> Json:
        """Change what is noted about a document; what is left out is kept."""
        found = await _one(client, convert.to_update(body, collection_name), DocumentFound)
        return {
            "message": "The document is updated.",
            "document": convert.document_object(found.collection, found.document),
        }

    @router.delete(
        PREFIX + "/document/{document_id}", dependencies=[allow_admin("delete documents")]
    )
    async def delete(document_id: str, collection_name: str | None = None) -> Json:
        """Delete a document and its vectors."""
        request = DeleteDocument(document_id=document_id, collection=collection_name)
        left = await _one(client, request, Documents)
        return {"message": f"The document is deleted from “{left.collection}”."}


async def _one(client: Client, request: Request, kind: type[Found]) -> Found:
    """Return the one event of its kind that answers the request. Raises: AppError."""
    events = await client.arun(request)
    return next(event for event in events if isinstance(event, kind))


GAI_RAG = Dialect(
    name="Gai/Gen RAG",
    page="gai",
    about="Documents, for Gai/Gen's clients; progress at the WebSocket /ws.",
    prefixes=(PREFIX, "/ws"),
    create_router=create_router,
    on_error=on_rag_error,
    on_invalid=on_invalid,
)
