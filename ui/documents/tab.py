"""The RAG tab: collections of documents, and questions answered with the page they come from."""

from __future__ import annotations

import gradio as gr
from gradio.context import get_render_context

from configs.settings import Settings
from ui.core.events import LIGHT, long_work
from ui.core.page_chats import PageChats
from ui.core.remembered import remember
from workers.client import Client
from workers.flows.intake import DocumentIntake
from workers.flows.removal import Removals

from .handlers import QuestionHandlers
from .layout import EXAMPLE_QUESTIONS, LibraryParts, QuestionParts, layout_documents
from .library import LibraryHandlers
from .page_sheet import build_page_sheet

ARTICLE_JS = """(collection) => {
  document.querySelector('#q-tabs [role="tab"]').click();
  window.quintetAct("write-article", { collection });
}"""
"""The first tab is the chat's, whose script listens: a new chat there, with this collection."""


def build_documents_tab(client: Client, settings: Settings, _chats: PageChats) -> None:
    """Lay out the tab and wire it."""
    tab = get_render_context()
    library, questions = layout_documents(settings)
    build_page_sheet(client)
    intake, removals = DocumentIntake(client), Removals(client)
    handlers = LibraryHandlers(client, library, intake, removals)
    _wire_library(library, handlers)
    remember("rag", [library.collection, library.top_k], handlers.brought)
    _wire_questions(questions, library, QuestionHandlers(client, questions, intake, removals))
    if isinstance(tab, gr.Tab):
        tab.select(handlers.on_look, library.collection, library.outputs(), **long_work("rag"))


def _wire_library(parts: LibraryParts, handlers: LibraryHandlers) -> None:
    work = {"outputs": parts.outputs(), **long_work("rag")}
    name = parts.collection
    parts.files.upload(handlers.on_files, name, **work)
    parts.example.click(handlers.on_example, name, **work)
    parts.documents.look(handlers.on_look, name, **work)
    parts.documents.act(handlers.on_act, name, **work)
    name.input(handlers.on_choose, name, **work)
    gr.on([parts.create.click, parts.new_name.submit], handlers.on_create, parts.new_name, **work)
    parts.article.click(None, name, None, js=ARTICLE_JS)
    parts.delete_collection.click(handlers.on_delete_collection, name, **work)


def _wire_questions(
    parts: QuestionParts, library: LibraryParts, handlers: QuestionHandlers
) -> None:
    work = {"outputs": parts.outputs(), **long_work("rag")}
    composer = parts.composer
    options = [library.collection, library.top_k, library.quotes]
    with_options = [*options, parts.answer_id, parts.turns]
    asked = [composer.question, *with_options]
    gr.on([composer.send.click, composer.question.submit], handlers.on_ask, asked, **work)
    parts.earlier.act(handlers.on_act, with_options, **work)
    for button, words in zip(parts.example_buttons, EXAMPLE_QUESTIONS, strict=True):
        placed = button.click(lambda words=words: words, None, composer.question, **LIGHT)
        placed.then(handlers.on_ask, asked, **work)
    outputs = [composer.send, composer.stop]
    composer.stop.click(handlers.on_stop, parts.answer_id, outputs, **LIGHT)
