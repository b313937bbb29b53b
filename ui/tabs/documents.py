"""The RAG tab: collections of documents, and questions answered with the page they come from."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

import gradio as gr
from gradio.context import get_render_context

from configs.settings import Settings
from ui.document_answer import Answer
from ui.document_view import answer_html
from ui.documents_panel import (
    EXAMPLE,
    EXAMPLE_QUESTIONS,
    Panel,
    Parts,
    Update,
    build_documents_panel,
)
from ui.documents_shelf import Shelf
from ui.render import busy_html, error_html, note_html, receipt_html
from ui.streaming import paced
from workers.client import Client
from workers.flows.documents import Cited, ContextCut, Question, ask_documents
from workers.messages import Event, Retrieved

NO_QUESTION = "Type a question first."


class Reading:
    """What happens when a question is asked; holds no state of its own."""

    def __init__(self, client: Client, parts: Parts) -> None:
        self._client = client
        self._parts = parts

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
            events = ask_documents(
                self._client, Question(text=question, collection=name, top_k=int(top_k))
            )
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

    def on_stop(self, request_id: str) -> None:
        """End the answer in its worker: what is written stays."""
        self._client.cancel(request_id)


def build_documents_tab(client: Client, settings: Settings) -> None:
    """Lay the tab out and wire it."""
    tab = get_render_context()
    panel = build_documents_panel(settings)
    shelf = Shelf(client, panel.parts)
    _wire_shelf(shelf, panel)
    _wire_question(Reading(client, panel.parts), panel)
    if isinstance(tab, gr.Tab):
        parts = panel.parts
        tab.select(shelf.on_open, parts.collection, parts.shelf(), **_events("rag"))


def _events(concurrency_id: str) -> dict[str, Any]:
    return {
        "concurrency_id": concurrency_id,
        "concurrency_limit": 16,
        "show_progress": "hidden",
        "api_visibility": "private",
    }


_LIGHT = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


def _wire_shelf(handlers: Shelf, panel: Panel) -> None:
    parts = panel.parts
    shelf = {"outputs": parts.shelf(), **_events("rag")}
    name = parts.collection
    parts.files.upload(handlers.on_files, [parts.files, name], **shelf)
    panel.example.click(handlers.on_files, [gr.State([str(EXAMPLE)]), name], **shelf)
    parts.stop_files.click(handlers.on_stop, parts.ingest_id, None, **_LIGHT)
    name.input(handlers.on_choose, name, **shelf)
    gr.on([panel.create.click, parts.new_name.submit], handlers.on_create, parts.new_name, **shelf)
    panel.delete_document.click(handlers.on_delete_document, [name, parts.document], **shelf)
    panel.delete_collection.click(
        handlers.on_delete_collection,
        name,
        js="(name) => { if (!confirm(`Delete “${name}” and all its documents?`)) "
        "throw new Error('kept'); return name; }",
        **shelf,
    )


def _wire_question(handlers: Reading, panel: Panel) -> None:
    parts = panel.parts
    inputs = [parts.question, parts.collection, panel.top_k, parts.answer_id]
    model = {"outputs": parts.reading(), **_events("rag")}
    gr.on([panel.ask.click, parts.question.submit], handlers.on_ask, inputs, **model)
    for button, words in zip(panel.examples, EXAMPLE_QUESTIONS, strict=True):
        placed = button.click(lambda words=words: words, None, parts.question, **_LIGHT)
        placed.then(handlers.on_ask, inputs, **model)
    parts.stop.click(handlers.on_stop, parts.answer_id, None, **_LIGHT)
