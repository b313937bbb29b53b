"""The look of the Vision tab: pictures and questions on the left, what was read on the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from ui.core.parts import status_line, stop_button
from ui.core.render import note_html

from .view import PictureReadings

EXAMPLES = (
    ("Receipt: what is the total?", "example-receipt.png", "What is the total?"),
    ("Receipt: what is the date?", "example-receipt.png", "What is the date?"),
)
EMPTY = "Add a picture with text in it, or click an example. Boxes will show what was read."


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionParts:
    """The tab's components."""

    about: Any
    pictures: Any
    examples: Sequence[Any]
    """A button for each of `EXAMPLES`."""
    question: Any
    ask: Any
    read: Any
    stop: Any
    status: Any
    chat: Any
    seen: Any
    view: Any
    text: Any
    as_text: Any
    as_json: Any

    def outputs(self) -> list[Any]:
        """Everything that a handler may change."""
        return [
            self.question, self.chat, self.status, self.seen, self.view, self.text,
            self.as_text, self.as_json, self.stop,
        ]  # fmt: skip


def layout_vision(about: str) -> VisionParts:
    """Draw everything; `about` says what the model can do."""
    line = gr.HTML(note_html(about), elem_id="vision-about")
    with gr.Row():
        with gr.Column(scale=1, min_width=320):
            asking = _layout_asking()
        with gr.Column(scale=1, min_width=320):
            reading = _layout_reading()
    return VisionParts(about=line, **asking, **reading, seen=gr.State(PictureReadings()))


def _layout_asking() -> dict[str, Any]:
    parts: dict[str, Any] = {"pictures": _layout_pictures()}
    with gr.Row():
        parts["examples"] = [gr.Button(label, size="sm", min_width=120) for label, _, _ in EXAMPLES]
    parts["question"] = gr.Textbox(
        label="Question", placeholder="What is the total?", lines=1, elem_id="vision-question"
    )
    with gr.Row():
        parts["ask"] = gr.Button("Ask", variant="primary", min_width=70, elem_id="vision-ask")
        parts["read"] = gr.Button("Read text", min_width=70, elem_id="vision-read")
        parts["stop"] = stop_button(min_width=70, elem_id="vision-stop")
    parts["status"] = status_line(elem_id="vision-status")
    parts["chat"] = gr.Chatbot(
        label="Answers",
        height=300,
        buttons=["copy"],
        feedback_options=None,
        placeholder="Ask something that is written in the picture.",
        elem_id="vision-chat",
    )
    return parts


def _layout_pictures() -> gr.Gallery:
    return gr.Gallery(
        label="Pictures",
        type="filepath",
        sources=["upload", "clipboard", "webcam"],
        file_types=["image"],
        interactive=True,
        height=240,
        columns=3,
        object_fit="contain",
        elem_id="vision-pictures",
    )


def _layout_reading() -> dict[str, Any]:
    parts: dict[str, Any] = {
        "view": gr.HTML(note_html(EMPTY), elem_id="vision-view"),
        "text": gr.Textbox(
            label="Text", lines=6, max_lines=14, interactive=False, buttons=["copy"]
        ),
    }
    with gr.Row():
        for kind in ("text", "json"):
            label = f"Download .{'txt' if kind == 'text' else kind}"
            parts[f"as_{kind}"] = gr.DownloadButton(
                label, size="sm", min_width=120, interactive=False
            )
    return parts
