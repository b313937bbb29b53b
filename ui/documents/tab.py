"""The RAG tab: collections of documents, and questions answered with the page they come from."""

from __future__ import annotations

import gradio as gr
from gradio.context import get_render_context

from configs.settings import Settings
from ui.core.events import LIGHT, long_work
from ui.core.theme import ASSETS
from workers.client import Client

from .handlers import CollectionHandlers, QuestionHandlers
from .layout import EXAMPLE_QUESTIONS, CollectionParts, QuestionParts, layout_documents

EXAMPLE = ASSETS / "example-handbook.pdf"
CONFIRM_JS = """(name) => {
  if (!confirm(`Delete “${name}” and all its documents?`)) throw new Error('kept');
  return name;
}"""


def build_documents_tab(client: Client, settings: Settings) -> None:
    """Lay out the tab and wire it."""
    tab = get_render_context()
    collections, questions = layout_documents(settings)
    handlers = CollectionHandlers(client, collections)
    _wire_collections(collections, handlers)
    _wire_questions(questions, collections, QuestionHandlers(client, questions))
    if isinstance(tab, gr.Tab):
        outputs = collections.outputs()
        tab.select(handlers.on_open, collections.collection, outputs, **long_work("rag"))


def _wire_collections(parts: CollectionParts, handlers: CollectionHandlers) -> None:
    work = {"outputs": parts.outputs(), **long_work("rag")}
    name = parts.collection
    parts.files.upload(handlers.on_files, [parts.files, name], **work)
    parts.example.click(handlers.on_files, [gr.State([str(EXAMPLE)]), name], **work)
    parts.stop.click(handlers.on_stop, parts.ingest_id, None, **LIGHT)
    name.input(handlers.on_choose, name, **work)
    gr.on([parts.create.click, parts.new_name.submit], handlers.on_create, parts.new_name, **work)
    parts.delete_document.click(handlers.on_delete_document, [name, parts.document], **work)
    parts.delete_collection.click(handlers.on_delete_collection, name, js=CONFIRM_JS, **work)


def _wire_questions(
    parts: QuestionParts, collections: CollectionParts, handlers: QuestionHandlers
) -> None:
    work = {"outputs": parts.outputs(), **long_work("rag")}
    asked = [parts.question, collections.collection, parts.top_k, parts.answer_id]
    gr.on([parts.ask.click, parts.question.submit], handlers.on_ask, asked, **work)
    for button, words in zip(parts.examples, EXAMPLE_QUESTIONS, strict=True):
        placed = button.click(lambda words=words: words, None, parts.question, **LIGHT)
        placed.then(handlers.on_ask, asked, **work)
    parts.stop.click(handlers.on_stop, parts.answer_id, None, **LIGHT)
