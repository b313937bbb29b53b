"""The left side of the RAG tab: collections, uploads, deleting."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import gradio as gr

from workers.client import Client
from workers.messages import (
    CollectionInfo,
    Collections,
    DeleteCollection,
    DeleteDocument,
    DocumentIndexed,
    DocumentInfo,
    Documents,
    Ingest,
    ListCollections,
    ListDocuments,
    Media,
)

from .callers import caller_of
from .document_view import document_choices, documents_html, failures_html, files_html
from .documents_panel import FIRST_COLLECTION, Parts, Update
from .receipt import Receipt
from .render import busy_html, error_html, note_html, receipt_html, status_html
from .streaming import paced


class Shelf:
    """What happens on each click; holds no state of its own."""

    def __init__(self, client: Client, parts: Parts) -> None:
        self._client = client
        self._parts = parts

    async def on_open(self, name: str) -> Update:
        """Show what is there: the collections, and the documents of the chosen one."""
        try:
            return await self._shelf(name)
        except Exception as err:  # noqa: BLE001 — the edge of the page: everything must be told
            return {self._parts.status: error_html(err)}

    async def on_choose(self, name: str) -> Update:
        """Show another collection, without the last upload's results.

        Opening the tab leaves them: that may end after an upload has begun.
        """
        return {**await self.on_open(name), self._parts.results: ""}

    async def on_files(self, paths: list[str] | None, name: str) -> AsyncGenerator[Update, None]:
        """Index the uploaded files, one line each, and show the table again."""
        parts = self._parts
        if not paths:
            return
        # gr.File gives its own kind of str, which would make the worker import gradio to read it.
        media = tuple(Media(name=Path(path).name, path=str(path)) for path in paths)
        done: list[DocumentIndexed] = []
        receipt = Receipt()
        request = Ingest(collection=name, documents=media)
        yield {
            parts.status: busy_html("starting"),
            parts.results: "",
            parts.stop_files: gr.Button(interactive=True),
            parts.ingest_id: request.request_id,
        }
        try:
            events = self._client.astream(request)
            async with aclosing(paced(events)) as batches:
                async for batch in batches:
                    done += [event for event in batch if isinstance(event, DocumentIndexed)]
                    for event in batch:
                        receipt.see(event)
                    shown = [line for line in map(status_html, batch) if line]
                    update = {parts.results: files_html(done)} if done else {}
                    yield update | ({parts.status: shown[-1]} if shown else {})
            yield {
                **await self._shelf(name),
                parts.files: None,
                parts.status: failures_html(done) or receipt_html(receipt),
                parts.stop_files: gr.Button(interactive=False),
            }
        except Exception as err:  # noqa: BLE001 — the edge of the page
            off = gr.Button(interactive=False)
            yield {parts.status: error_html(err), parts.files: None, parts.stop_files: off}

    async def on_create(self, name: str) -> Update:
        """Make an empty collection and choose it."""
        try:
            await self._client.arun(Ingest(collection=name, documents=()))
            return {**await self._shelf(" ".join(name.split())), self._parts.new_name: ""}
        except Exception as err:  # noqa: BLE001 — the edge of the page
            return {self._parts.status: error_html(err)}

    async def on_delete_document(
        self, name: str, document_id: str | None, caller: gr.Request
    ) -> Update:
        """Remove the chosen document and its vectors."""
        request = DeleteDocument(collection=name, document_id=document_id or "")
        told = "The document and its vectors are gone."
        return await self._delete(caller, request, name, told)

    async def on_delete_collection(self, name: str, caller: gr.Request) -> Update:
        """Remove the chosen collection and everything in it."""
        request = DeleteCollection(collection=name)
        return await self._delete(caller, request, FIRST_COLLECTION, f"“{name}” is gone.")

    async def _delete(
        self,
        caller: gr.Request,
        request: DeleteDocument | DeleteCollection,
        shown_after: str,
        told: str,
    ) -> Update:
        parts = self._parts
        try:
            caller_of(caller).check("delete documents")
            if isinstance(request, DeleteDocument) and not request.document_id:
                return {parts.status: note_html("Choose a document first.")}
            await self._client.arun(request)
            shelf = await self._shelf(shown_after)
        except Exception as err:  # noqa: BLE001 — the edge of the page
            return {parts.status: error_html(err)}
        return {**shelf, parts.status: note_html(told), parts.results: ""}

    async def _shelf(self, name: str) -> Update:
        parts = self._parts
        collections = await self._collections()
        names = [collection.name for collection in collections]
        chosen = name if name in names else FIRST_COLLECTION
        documents = await self._documents(chosen) if chosen in names else ()
        labels = [(FIRST_COLLECTION, FIRST_COLLECTION)] if FIRST_COLLECTION not in names else []
        labels += [(_label(collection), collection.name) for collection in collections]
        return {
            parts.collection: gr.update(choices=labels, value=chosen),
            parts.table: documents_html(documents),
            parts.document: gr.update(
                choices=document_choices(documents),
                value=documents[0].document_id if documents else None,
            ),
        }

    async def _collections(self) -> tuple[CollectionInfo, ...]:
        events = await self._client.arun(ListCollections())
        return next(event.collections for event in events if isinstance(event, Collections))

    async def _documents(self, name: str) -> tuple[DocumentInfo, ...]:
        events = await self._client.arun(ListDocuments(collection=name))
        return next(event.documents for event in events if isinstance(event, Documents))

    def on_stop(self, request_id: str) -> None:
        """End a request in its worker: the events end by themselves, and what is done stays."""
        self._client.cancel(request_id)


def _label(collection: CollectionInfo) -> str:
    files = "document" if collection.num_documents == 1 else "documents"
    return f"{collection.name} ({collection.num_documents} {files})"
