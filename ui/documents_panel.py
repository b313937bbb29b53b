"""What stands on the RAG tab: its components, laid out and named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from configs.settings import Settings

from .document_view import documents_html
from .theme import ASSETS

FIRST_COLLECTION = "My documents"
EXAMPLE = ASSETS / "example-handbook.pdf"
EXAMPLE_QUESTIONS = (
    "How high is the tower?",
    "How far can the light be seen?",
    "Where is the drinking water from?",
)
FILE_TYPES = [".pdf", ".docx", ".html", ".htm", ".md", ".txt", ".csv", "text"]

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The components that handlers change, and the controls that call them."""

    parts: Parts
    example: Any
    create: Any
    delete_document: Any
    delete_collection: Any
    ask: Any
    top_k: Any
    examples: list[Any]


def build_documents_panel(settings: Settings) -> Panel:
    """Lay the components out."""
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
    return Panel(
        parts=parts,
        example=example,
        create=create,
        delete_document=delete_document,
        delete_collection=delete_collection,
        ask=ask,
        top_k=top_k,
        examples=examples,
    )
