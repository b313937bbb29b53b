"""The look of the Vision tab: the picture once and large, the conversation about it beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from ui.core.asking import Composer, earlier_turns, layout_composer
from ui.core.drop_area import drop_area
from ui.core.parts import status_line
from ui.core.theme import ASSETS

from .view import CAMERA, PictureReadings, welcome_html

EXAMPLES = (
    ("Receipt: what is the total?", "example-receipt.png", "What is the total?"),
    ("Receipt: what is the date?", "example-receipt.png", "What is the date?"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionParts:
    """The tab's components."""

    about: Any
    files: Any
    """Its `upload` event brings pictures: dropped, chosen, pasted, or from the camera."""
    examples: Sequence[Any]
    """A button for each of `EXAMPLES`."""
    view: Any
    """The pictures; its `act` event takes one away."""
    reading: Any
    read: Any
    text_panel: Any
    text: Any
    as_text: Any
    as_json: Any
    turns: Any
    """State: the HTML of each answer that has ended."""
    rows: Any
    """State: the conversation about these pictures."""
    seen: Any
    """State: the pictures, and what was read in them."""
    answer_id: Any
    """The request that Stop ends."""
    earlier: Any
    asked: Any
    status: Any
    answer: Any
    after: Any
    composer: Composer

    def outputs(self) -> list[Any]:
        """Everything that a handler may change."""
        composer = self.composer
        return [
            self.about, self.view, self.reading, self.read, self.text_panel, self.text, self.as_text,
            self.as_json, self.turns, self.rows, self.seen, self.answer_id, self.earlier, self.asked,
            self.status, self.answer, self.after, composer.question, composer.send, composer.stop,
        ]  # fmt: skip


def layout_vision(about: str) -> VisionParts:
    """Draw everything; `about` says what the model can do."""
    with gr.Row(elem_id="vision-panes", elem_classes="q-grow", equal_height=False):
        with gr.Column(elem_id="vision-left", min_width=0, scale=1):
            pictures = _layout_pictures(about)
        with gr.Column(elem_id="vision-right", min_width=0, scale=1):
            conversation = _layout_conversation()
    return VisionParts(
        **pictures,
        **conversation,
        turns=gr.State([]),
        rows=gr.State([]),
        seen=gr.State(PictureReadings()),
        answer_id=gr.State(""),
    )


def _layout_pictures(about: str) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "about": gr.HTML(welcome_html(about), elem_id="vision-about", apply_default_css=False)
    }
    with gr.Row(elem_id="vision-choose"):
        parts["files"] = drop_area(
            "or drop and paste them here",
            button="Choose pictures",
            elem_id="vision-add",
            accept="image/*",
            is_small=True,
            within="vision-left",
        )
        gr.HTML(
            "",
            html_template=CAMERA,
            js_on_load=(ASSETS / "vision.js").read_text(encoding="utf-8"),
            apply_default_css=False,
            elem_id="vision-camera",
        )
    with gr.Row(elem_id="vision-examples", elem_classes="q-ask-examples"):
        parts["examples"] = [gr.Button(label, size="sm", min_width=80) for label, _, _ in EXAMPLES]
    parts["view"] = gr.HTML(
        "",
        js_on_load=(ASSETS / "vision_pictures.js").read_text(encoding="utf-8"),
        elem_id="vision-view",
        apply_default_css=False,
    )
    parts["reading"] = gr.HTML("", elem_id="vision-reading", apply_default_css=False)
    return {**parts, **_layout_text()}


def _layout_text() -> dict[str, Any]:
    parts: dict[str, Any] = {
        "read": gr.Button(
            "Read the text", size="sm", min_width=100, visible=False, elem_id="vision-read"
        )
    }
    with gr.Accordion(
        "Text that was read", open=False, visible=False, elem_id="vision-text"
    ) as parts["text_panel"]:
        parts["text"] = gr.Textbox(
            label="Text",
            show_label=False,
            lines=4,
            max_lines=14,
            interactive=False,
            buttons=["copy"],
        )
        with gr.Row():
            for kind, name in (("text", "txt"), ("json", "json")):
                parts[f"as_{kind}"] = gr.DownloadButton(
                    f"Save .{name}", size="sm", min_width=80, elem_id=f"vision-save-{name}"
                )
    return parts


def _layout_conversation() -> dict[str, Any]:
    parts: dict[str, Any] = {}
    with gr.Column(elem_id="vision-log", min_width=0):
        parts["earlier"] = earlier_turns("vision-earlier")
        with gr.Column(elem_id="vision-now", elem_classes="q-turn q-turn-now", min_width=0):
            parts["asked"] = gr.HTML("", padding=False, apply_default_css=False)
            parts["status"] = status_line(elem_id="vision-status")
            parts["answer"] = gr.HTML(
                "", elem_id="vision-answer", padding=False, apply_default_css=False
            )
            parts["after"] = gr.HTML(
                "", elem_id="vision-after", padding=False, apply_default_css=False
            )
    with gr.Column(elem_classes="q-dock", min_width=0):
        parts["composer"] = layout_composer("Ask about the picture", "vision")
    return parts
