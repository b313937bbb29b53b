"""The look of the RAG tab: the library in the sidebar, the conversation with its evidence beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from configs.settings import Settings
from ui.core.asking import Composer, earlier_turns, layout_composer
from ui.core.drop_area import drop_area
from ui.core.parts import status_line
from ui.core.sidebar import sidebar
from ui.core.theme import ASSETS
from workers.messages.amounts import MIB, fine_size_words
from workers.messages.document_kinds import ACCEPT

FIRST_COLLECTION = "My documents"
EXAMPLE = ASSETS / "example-handbook.pdf"
EXAMPLE_QUESTIONS = (
    "How high is the tower?",
    "How far can the light be seen?",
    "Where is the drinking water from?",
)
WELCOME = """<div class="q-welcome"><h2>Ask your documents</h2>
<p>Add files, then ask. Each answer shows the passages that it comes from, with file and page; what the
documents do not say is not answered.</p>
<button type="button" class="q-b q-open-library">Documents</button></div>"""
"""On a phone the library is a drawer: the button opens it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryParts:
    """The sidebar: what is there, and what adds to it and takes from it."""

    collection: Any
    files: Any
    example: Any
    documents: Any
    status: Any
    new_name: Any
    create: Any
    delete_collection: Any
    article: Any
    examples: Any
    """The row of example questions, which is seen while the handbook is there."""
    top_k: Any
    quotes: Any
    """Whether the documents are quoted, and no model is asked: a key of `handlers.QUOTES`."""

    def outputs(self) -> list[Any]:
        """What changes when documents come or go."""
        return [
            self.collection, self.new_name, self.status, self.documents, self.example,
            self.examples,
        ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionParts:
    """The conversation: earlier answers, the newest, and the box."""

    turns: Any
    """State: the HTML of each answer that has ended."""
    earlier: Any
    asked: Any
    status: Any
    answer: Any
    after: Any
    evidence: Any
    composer: Composer
    example_buttons: Sequence[Any]
    """A button for each of `EXAMPLE_QUESTIONS`."""
    answer_id: Any
    """The request that Stop ends."""

    def outputs(self) -> list[Any]:
        """What changes while a question is answered."""
        composer = self.composer
        return [
            self.turns, self.earlier, self.asked, self.status, self.answer, self.after,
            self.evidence, composer.question, composer.send, composer.stop, self.answer_id,
        ]  # fmt: skip


def layout_documents(settings: Settings) -> tuple[LibraryParts, QuestionParts]:
    """Draw everything."""
    with sidebar("Documents"):
        library = _layout_library(settings)
    with gr.Column(elem_id="rag-main", elem_classes=["q-ask-main", "q-grow"], min_width=0):
        conversation, examples = _layout_conversation()
    with gr.Column(elem_classes="q-dock", min_width=0):
        composer, options = _layout_box()
    return (
        LibraryParts(**library, examples=examples, **options),
        QuestionParts(**conversation, composer=composer),
    )


def _layout_library(settings: Settings) -> dict[str, Any]:
    most = fine_size_words(settings.limits["max_file_mib"] * MIB)
    parts: dict[str, Any] = {
        "collection": gr.Dropdown(
            [FIRST_COLLECTION],
            value=FIRST_COLLECTION,
            label="Collection",
            allow_custom_value=True,  # one that has gone meanwhile is for us to notice, not Gradio
            elem_id="rag-collection",
        ),
        "files": drop_area(
            f"or drop them here, up to {most} each",
            button="Add files",
            elem_id="rag-files",
            accept=ACCEPT,
            is_small=True,
        ),
        "example": gr.Button(
            "Add the example handbook",
            size="sm",
            min_width=120,
            visible=False,  # until it is known what is there
            elem_id="rag-example",
        ),
        "status": status_line(elem_id="rag-status"),
        "documents": gr.HTML(
            "",
            js_on_load=(ASSETS / "documents.js").read_text(encoding="utf-8"),
            apply_default_css=False,
            padding=False,
            elem_id="rag-documents",
            elem_classes="q-side-scroll",
        ),
    }
    return {**parts, **_layout_collections()}


def _layout_collections() -> dict[str, Any]:
    article = gr.Button(
        "Write an article from these documents", size="sm", min_width=120, elem_id="rag-article"
    )
    parts: dict[str, Any] = {"article": article}
    with gr.Accordion("Collections", open=False, elem_id="rag-manage", elem_classes="q-side-foot"):
        parts["new_name"] = gr.Textbox(
            label="New collection", placeholder="Any name", max_lines=1, elem_id="rag-new-name"
        )
        parts["create"] = gr.Button("Create collection", size="sm", elem_id="rag-create")
        parts["delete_collection"] = gr.Button(
            "Delete this collection", size="sm", elem_id="rag-delete-collection"
        )
    return parts


def _layout_conversation() -> tuple[dict[str, Any], Any]:
    parts: dict[str, Any] = {"turns": gr.State([]), "answer_id": gr.State("")}
    gr.HTML(WELCOME, padding=False, elem_id="rag-welcome")
    with gr.Row(elem_id="rag-examples", elem_classes="q-ask-examples", visible=False) as examples:
        parts["example_buttons"] = [
            gr.Button(words, size="sm", min_width=80) for words in EXAMPLE_QUESTIONS
        ]
    parts["earlier"] = earlier_turns("rag-earlier")
    with gr.Row(elem_id="rag-now", elem_classes="q-turn q-turn-now", equal_height=False):
        with gr.Column(elem_classes="q-turn-main", min_width=0):
            parts["asked"] = gr.HTML(padding=False, apply_default_css=False)
            parts["status"] = status_line(elem_id="rag-answer-status")
            parts["answer"] = gr.HTML(elem_id="rag-answer", padding=False, apply_default_css=False)
            parts["after"] = gr.HTML(elem_id="rag-after", padding=False, apply_default_css=False)
        with gr.Column(elem_classes="q-turn-evidence", min_width=0):
            parts["evidence"] = gr.HTML(
                elem_id="rag-passages", padding=False, apply_default_css=False
            )
    return parts, examples


def _layout_box() -> tuple[Composer, dict[str, Any]]:
    composer = layout_composer("Ask these documents", "rag")
    with gr.Accordion("Options", open=False, elem_id="rag-options"):
        top_k = gr.Slider(1, 20, value=6, step=1, label="Passages to find", elem_id="rag-top-k")
        quotes = gr.Radio(
            [
                ("By the model’s size", "size"),
                ("Quote the documents", "quote"),
                ("The model’s words", "model"),
            ],
            value="size",
            label="Answer with",
            info="Quoting asks no model: the answer is the documents’ own sentences. By size: below 1 B parameters.",
            elem_id="rag-quotes",
        )
    return composer, {"top_k": top_k, "quotes": quotes}
