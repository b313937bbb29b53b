"""The look of the RAG tab: collections and their documents on the left, questions on the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from configs.settings import Settings
from ui.core.parts import status_line, stop_button
from workers.messages.amounts import memory_words

from .view import documents_html

FIRST_COLLECTION = "My documents"
EXAMPLE_QUESTIONS = (
    "How high is the tower?",
    "How far can the light be seen?",
    "Where is the drinking water from?",
)
FILE_TYPES = [".pdf", ".docx", ".html", ".htm", ".md", ".txt", ".csv", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionParts:
    """The left side: what is there, and what adds to it and takes from it."""

    collection: Any
    files: Any
    example: Any
    stop: Any
    status: Any
    results: Any
    table: Any
    new_name: Any
    create: Any
    document: Any
    delete_document: Any
    delete_collection: Any
    ingest_id: Any
    """The request that Stop ends."""

    def outputs(self) -> list[Any]:
        """What changes when documents come or go."""
        return [
            self.collection, self.new_name, self.files, self.status, self.results, self.table,
            self.document, self.stop, self.ingest_id,
        ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionParts:
    """The right side: the question, its answer, and the passages it comes from."""

    question: Any
    ask: Any
    stop: Any
    examples: Sequence[Any]
    """A button for each of `EXAMPLE_QUESTIONS`."""
    status: Any
    answer: Any
    notes: Any
    passages: Any
    top_k: Any
    answer_id: Any
    """The request that Stop ends."""

    def outputs(self) -> list[Any]:
        """What changes while a question is answered."""
        return [self.status, self.answer, self.notes, self.passages, self.stop, self.answer_id]


def layout_documents(settings: Settings) -> tuple[CollectionParts, QuestionParts]:
    """Draw everything."""
    with gr.Row():
        with gr.Column(scale=2, min_width=300):
            collections = _layout_collections(settings)
        with gr.Column(scale=3, min_width=300):
            questions = _layout_questions()
    return collections, questions


def _layout_collections(settings: Settings) -> CollectionParts:
    collection = gr.Dropdown(
        [FIRST_COLLECTION],
        value=FIRST_COLLECTION,
        label="Collection",
        elem_id="rag-collection",
    )
    files = gr.File(
        label=f"Add documents (up to {memory_words(settings.limits['max_file_mib'])} each)",
        file_count="multiple",
        file_types=FILE_TYPES,
        height=160,
        elem_id="rag-files",
    )
    with gr.Row():
        example = gr.Button(
            "Add the example handbook", size="sm", min_width=120, elem_id="rag-example"
        )
        stop = stop_button(size="sm", min_width=80, elem_id="rag-stop-files")
    return CollectionParts(
        collection=collection,
        files=files,
        example=example,
        stop=stop,
        status=status_line(elem_id="rag-status"),
        results=gr.HTML(elem_id="rag-results", padding=False),
        table=gr.HTML(documents_html(()), elem_id="rag-table", padding=False),
        **_layout_managing(),
        ingest_id=gr.State(""),
    )


def _layout_managing() -> dict[str, Any]:
    with gr.Accordion("Manage", open=False, elem_id="rag-manage"):
        return {
            "new_name": gr.Textbox(label="New collection", placeholder="Any name", max_lines=1),
            "create": gr.Button("Create collection", size="sm", elem_id="rag-create"),
            "document": gr.Dropdown([], label="Document", elem_id="rag-document"),
            "delete_document": gr.Button("Delete document", size="sm", variant="stop"),
            "delete_collection": gr.Button(
                "Delete the whole collection", size="sm", variant="stop"
            ),
        }


def _layout_questions() -> QuestionParts:
    question = gr.Textbox(
        label="Question",
        placeholder="What do your documents say about …?",
        lines=1,
        elem_id="rag-question",
    )
    with gr.Row():
        ask = gr.Button("Ask", variant="primary", min_width=80, elem_id="rag-ask")
        stop = stop_button(min_width=80, elem_id="rag-stop")
    with gr.Row():
        examples = [gr.Button(words, size="sm") for words in EXAMPLE_QUESTIONS]
    return QuestionParts(
        question=question,
        ask=ask,
        stop=stop,
        examples=examples,
        status=status_line(elem_id="rag-answer-status"),
        answer=gr.HTML(elem_id="rag-answer", padding=False),
        notes=gr.HTML(elem_classes="q-remarks", elem_id="rag-notes", padding=False),
        passages=gr.HTML(elem_id="rag-passages", padding=False),
        top_k=gr.Slider(1, 20, value=6, step=1, label="Passages to find"),
        answer_id=gr.State(""),
    )
