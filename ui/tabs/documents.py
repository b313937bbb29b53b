"""The RAG tab: collections of documents, and questions answered with the page they come from."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.context import get_render_context

from configs.settings import Settings
from workers.client import Client
from workers.flows.documents import Cited, ContextCut, ask_documents
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
    Media,
    Request,
    Retrieved,
)

from ..document_answer import Answer
from ..document_view import (
    answer_html,
    document_choices,
    documents_html,
    failures_html,
    files_html,
)
from ..receipt import Receipt
from ..render import busy_html, error_html, note_html, receipt_html, status_html
from ..streaming import paced
from ..theme import ASSETS

FIRST_COLLECTION = "My documents"
EXAMPLE = ASSETS / "example-handbook.pdf"
EXAMPLE_QUESTIONS = (
    "How high is the tower?",
    "How far can the light be seen?",
    "Where is the drinking water from?",
)
FILE_TYPES = [".pdf", ".docx", ".html", ".htm", ".md", ".txt", ".csv", "text"]
NO_QUESTION = "Type a question first."

Update = dict[Any, Any]
"""Component → its new value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The tab's components."""

    collection: Any
    new_name: Any
    files: Any
    status: Any
    results: Any
    table: Any
    document: Any
    question: Any
    answer_status: Any
    answer: Any
    notes: Any
    passages: Any
    stop_files: Any
    stop: Any
    ingest_id: Any
    """Session state: the request that Stop beside the files ends."""
    answer_id: Any

    def shelf(self) -> list[Any]:
        """What changes when documents come or go."""
        return [
            self.collection,
            self.new_name,
            self.files,
            self.status,
            self.results,
            self.table,
            self.document,
            self.stop_files,
            self.ingest_id,
        ]

    def reading(self) -> list[Any]:
        """What changes while a question is answered."""
        return [
            self.answer_status,
            self.answer,
            self.notes,
            self.passages,
            self.stop,
            self.answer_id,
        ]


class Handlers:
    """What happens on each click; holds no state of its own."""

    def __init__(self, client: Client, parts: Parts) -> None:
        self._client = client
        self._parts = parts

    # --- the shelf ---

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

    async def on_delete_document(self, name: str, document_id: str | None) -> Update:
        """Remove the chosen document and its vectors."""
        if not document_id:
            return {self._parts.status: note_html("Choose a document first.")}
        request = DeleteDocument(collection=name, document_id=document_id)
        return await self._delete(request, name, "The document and its vectors are gone.")

    async def on_delete_collection(self, name: str) -> Update:
        """Remove the chosen collection and everything in it."""
        return await self._delete(
            DeleteCollection(collection=name), FIRST_COLLECTION, f"“{name}” is gone."
        )

    async def _delete(self, request: Request, shown_after: str, told: str) -> Update:
        parts = self._parts
        try:
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

    # --- the question ---

    async def on_ask(
        self, question: str, name: str, top_k: float, previous_id: str
    ) -> AsyncGenerator[Update, None]:
        """Show the passages, then the answer as it is written, then the citations."""
        parts = self._parts
        question = (question or "").strip()
        if not question:
            yield {parts.answer_status: note_html(NO_QUESTION)}
            return
        self._client.cancel(previous_id)  # one answer at a time in this browser tab
        run = Answer(question=question)
        yield {
            parts.answer_status: busy_html("starting"),
            parts.stop: gr.Button(interactive=True),
            parts.answer: "",
            parts.notes: "",
            parts.passages: "",
        }
        try:
            events = ask_documents(self._client, question, name, top_k=int(top_k))
            async with aclosing(paced(events)) as batches:
                async for batch in batches:
                    for event in batch:
                        run.see(event)
                    yield self._shown(run, batch)
        except Exception as err:  # noqa: BLE001 — the edge of the page
            yield {parts.answer_status: error_html(err), parts.stop: gr.Button(interactive=False)}
            return
        yield {
            parts.answer_status: receipt_html(run.receipt),
            parts.stop: gr.Button(interactive=False),
        }

    def _shown(self, run: Answer, batch: Sequence[Event]) -> Update:
        parts = self._parts
        text = run.cited.text if run.cited else run.text
        update: Update = {
            parts.answer_id: batch[-1].request_id,
            parts.answer_status: run.status,
            parts.stop: gr.Button(interactive=True),  # the end of an older answer switched it off
            parts.answer: answer_html(text, is_done=run.cited is not None),
        }
        if any(isinstance(event, (Retrieved, ContextCut, Cited)) for event in batch):
            update |= {parts.passages: run.passages_html, parts.notes: run.notes_html}
        return update


def _label(collection: CollectionInfo) -> str:
    files = "document" if collection.num_documents == 1 else "documents"
    return f"{collection.name} ({collection.num_documents} {files})"


def build_documents_tab(client: Client, settings: Settings) -> None:
    """Lay the tab out and wire it."""
    tab = get_render_context()
    with gr.Row():
        with gr.Column(scale=2, min_width=300):
            collection = gr.Dropdown(
                [FIRST_COLLECTION],
                value=FIRST_COLLECTION,
                label="Collection",
                elem_id="rag-collection",
            )
            files = gr.File(
                label=f"Add documents (up to {settings.limits['max_file_mib']:g} MiB each)",
                file_count="multiple",
                file_types=FILE_TYPES,
                height=160,
                elem_id="rag-files",
            )
            with gr.Row():
                example = gr.Button(
                    "Add the example handbook", size="sm", min_width=120, elem_id="rag-example"
                )
                stop_files = gr.Button(
                    "Stop",
                    size="sm",
                    variant="stop",
                    min_width=80,
                    interactive=False,
                    elem_id="rag-stop-files",
                )
            status = gr.HTML(elem_classes="q-status", elem_id="rag-status")
            results = gr.HTML(elem_id="rag-results", padding=False)
            table = gr.HTML(documents_html(()), elem_id="rag-table", padding=False)
            with gr.Accordion("Manage", open=False, elem_id="rag-manage"):
                new_name = gr.Textbox(label="New collection", placeholder="Any name", max_lines=1)
                create = gr.Button("Create collection", size="sm", elem_id="rag-create")
                document = gr.Dropdown([], label="Document", elem_id="rag-document")
                delete_document = gr.Button("Delete document", size="sm", variant="stop")
                delete_collection = gr.Button(
                    "Delete the whole collection", size="sm", variant="stop"
                )
        with gr.Column(scale=3, min_width=300):
            question = gr.Textbox(
                label="Question",
                placeholder="What do your documents say about …?",
                lines=1,
                elem_id="rag-question",
            )
            with gr.Row():
                ask = gr.Button("Ask", variant="primary", min_width=80, elem_id="rag-ask")
                stop = gr.Button(
                    "Stop", variant="stop", min_width=80, interactive=False, elem_id="rag-stop"
                )
            with gr.Row():
                examples = [gr.Button(words, size="sm") for words in EXAMPLE_QUESTIONS]
            answer_status = gr.HTML(elem_classes="q-status", elem_id="rag-answer-status")
            answer = gr.HTML(elem_id="rag-answer", padding=False)
            notes = gr.HTML(elem_classes="q-remarks", elem_id="rag-notes", padding=False)
            passages = gr.HTML(elem_id="rag-passages", padding=False)
            top_k = gr.Slider(1, 20, value=6, step=1, label="Passages to find")
    parts = Parts(
        collection=collection,
        new_name=new_name,
        files=files,
        status=status,
        results=results,
        table=table,
        document=document,
        question=question,
        answer_status=answer_status,
        stop_files=stop_files,
        stop=stop,
        answer=answer,
        notes=notes,
        passages=passages,
        ingest_id=gr.State(""),
        answer_id=gr.State(""),
    )
    handlers = Handlers(client, parts)
    _wire_shelf(handlers, parts, (example, create, delete_document, delete_collection))
    _wire_question(handlers, parts, (ask, top_k), examples)
    if isinstance(tab, gr.Tab):
        tab.select(handlers.on_open, collection, parts.shelf(), **_events("rag"))


def _events(concurrency_id: str) -> dict[str, Any]:
    return {
        "concurrency_id": concurrency_id,
        "concurrency_limit": 16,
        "show_progress": "hidden",
        "api_visibility": "private",
    }


_LIGHT = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


def _wire_shelf(handlers: Handlers, parts: Parts, buttons: Sequence[Any]) -> None:
    example, create, delete_document, delete_collection = buttons
    shelf = {"outputs": parts.shelf(), **_events("rag")}
    name = parts.collection
    parts.files.upload(handlers.on_files, [parts.files, name], **shelf)
    example.click(handlers.on_files, [gr.State([str(EXAMPLE)]), name], **shelf)
    parts.stop_files.click(handlers.on_stop, parts.ingest_id, None, **_LIGHT)
    name.input(handlers.on_choose, name, **shelf)
    gr.on([create.click, parts.new_name.submit], handlers.on_create, parts.new_name, **shelf)
    delete_document.click(handlers.on_delete_document, [name, parts.document], **shelf)
    delete_collection.click(
        handlers.on_delete_collection,
        name,
        js="(name) => { if (!confirm(`Delete “${name}” and all its documents?`)) "
        "throw new Error('kept'); return name; }",
        **shelf,
    )


def _wire_question(
    handlers: Handlers, parts: Parts, controls: Sequence[Any], examples: list[Any]
) -> None:
    ask, top_k = controls
    inputs = [parts.question, parts.collection, top_k, parts.answer_id]
    model = {"outputs": parts.reading(), **_events("rag")}
    gr.on([ask.click, parts.question.submit], handlers.on_ask, inputs, **model)
    for button, words in zip(examples, EXAMPLE_QUESTIONS, strict=True):
        placed = button.click(lambda words=words: words, None, parts.question, **_LIGHT)
        placed.then(handlers.on_ask, inputs, **model)
    parts.stop.click(handlers.on_stop, parts.answer_id, None, **_LIGHT)
