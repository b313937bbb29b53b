"""What happens on each click of the RAG tab, on its left side and on its right."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from ui.core.callers import caller_of
from ui.core.render import note_html
from ui.core.request import Steps, Update, run_request, streamed, update_or_error
from workers.client import Client
from workers.flows.documents import Question, ask_documents
from workers.messages import (
    CollectionInfo,
    Collections,
    DeleteCollection,
    DeleteDocument,
    DocumentInfo,
    Documents,
    Ingest,
    ListCollections,
    ListDocuments,
    Media,
)

from .layout import FIRST_COLLECTION, CollectionParts, QuestionParts
from .run import IngestRun, QuestionRun
from .view import collection_choices, document_choices, documents_html

NO_QUESTION = "Type a question first."


class CollectionHandlers:
    """The left side: collections, uploads, deleting. Holds no state of its own."""

    def __init__(self, client: Client, parts: CollectionParts) -> None:
        self._client = client
        self._parts = parts

    async def on_open(self, name: str) -> Update:
        """Show what is there: the collections, and the documents of the chosen one."""
        return await update_or_error(self._collection(name), self._parts.status)

    async def on_choose(self, name: str) -> Update:
        """Show another collection, without the last upload's results.

        Opening the tab leaves them: that may end after an upload has begun.
        """
        return {**await self.on_open(name), self._parts.results: ""}

    @streamed
    def on_files(self, paths: list[str] | None, name: str) -> Steps:
        """Index the uploaded files, one line each, and show the table again."""
        if not paths:
            yield {self._parts.status: gr.skip()}
            return
        # gr.File gives its own kind of str, which would make the worker import gradio to read it.
        media = tuple(Media(name=Path(path).name, path=str(path)) for path in paths)
        request = Ingest(collection=name, documents=media)
        run = IngestRun(self._parts, request.request_id, lambda: self._collection(name))
        yield run_request(self._client.astream(request), run)

    def on_stop(self, request_id: str) -> None:
        """End a request in its worker: the events end by themselves, and what is done stays."""
        self._client.cancel(request_id)

    async def on_create(self, name: str) -> Update:
        """Make an empty collection and choose it."""
        return await update_or_error(self._create(name), self._parts.status)

    async def on_delete_document(
        self, name: str, document_id: str | None, caller: gr.Request
    ) -> Update:
        """Remove the chosen document and its vectors."""
        request = DeleteDocument(collection=name, document_id=document_id or "")
        sentence = "The document and its vectors are gone."
        work = self._delete(caller, request, name, sentence)
        return await update_or_error(work, self._parts.status)

    async def on_delete_collection(self, name: str, caller: gr.Request) -> Update:
        """Remove the chosen collection and everything in it."""
        request = DeleteCollection(collection=name)
        work = self._delete(caller, request, FIRST_COLLECTION, f"“{name}” is gone.")
        return await update_or_error(work, self._parts.status)

    async def _create(self, name: str) -> Update:
        await self._client.arun(Ingest(collection=name, documents=()))
        return {**await self._collection(" ".join(name.split())), self._parts.new_name: ""}

    async def _delete(
        self,
        caller: gr.Request,
        request: DeleteDocument | DeleteCollection,
        shown_after: str,
        sentence: str,
    ) -> Update:
        parts = self._parts
        caller_of(caller).check("delete documents")
        if isinstance(request, DeleteDocument) and not request.document_id:
            return {parts.status: note_html("Choose a document first.")}
        await self._client.arun(request)
        shown = await self._collection(shown_after)
        return {**shown, parts.status: note_html(sentence), parts.results: ""}

    async def _collection(self, name: str) -> Update:
        parts = self._parts
        collections = await self._collections()
        names = [collection.name for collection in collections]
        chosen = name if name in names else FIRST_COLLECTION
        documents = await self._documents(chosen) if chosen in names else ()
        labels = [(FIRST_COLLECTION, FIRST_COLLECTION)] if FIRST_COLLECTION not in names else []
        return {
            parts.collection: gr.update(
                choices=[*labels, *collection_choices(collections)], value=chosen
            ),
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


class QuestionHandlers:
    """The right side: what happens when a question is asked. Holds no state of its own."""

    def __init__(self, client: Client, parts: QuestionParts) -> None:
        self._client = client
        self._parts = parts

    @streamed
    def on_ask(self, question: str, name: str, top_k: float, previous_id: str) -> Steps:
        """Show the passages, then the answer as it is written, then the citations."""
        question = (question or "").strip()
        if not question:
            yield {self._parts.status: note_html(NO_QUESTION)}
            return
        self._client.cancel(previous_id)  # one answer at a time in this browser tab
        asked = Question(text=question, collection=name, top_k=int(top_k))
        yield run_request(ask_documents(self._client, asked), QuestionRun(self._parts, question))

    def on_stop(self, request_id: str) -> None:
        """End the answer in its worker: what is written stays."""
        self._client.cancel(request_id)
