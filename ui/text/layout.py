"""The look of the Text tab: the chat, its box and buttons, the knobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from html import escape
from typing import Any
from urllib.parse import urlsplit

import gradio as gr

from configs.catalogue import ModelCard
from ui.core.parts import hidden_stop_button, status_line
from ui.core.render import note_html

from .knobs import AS_THE_MODEL_DOES, BUDGET, KNOBS, THINKING, THINKS, Knob, defaults_words

SYSTEM_PROMPT = "You are a helpful assistant. Answer clearly and briefly."

CHAT_EXAMPLES = (
    "Explain in three sentences why the sky is blue.",
    "Write a Python function that reverses a list, with an example.",
    "Write a polite message asking my neighbour to turn the music down.",
    "Write the Pythagorean theorem as a formula in LaTeX.",
)

HERE = "The model runs on this machine; nothing you write leaves it."
RUNS_REMOTELY = "This model runs at {host}: what you write is sent there."

LATEX_DELIMITERS: list[dict[str, str | bool]] = [
    {"left": "$$", "right": "$$", "display": True},
    {"left": "\\[", "right": "\\]", "display": True},
    {"left": "\\(", "right": "\\)", "display": False},
    {"left": "$", "right": "$", "display": False},
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatParts:
    """The tab's components."""

    log: Any
    box: Any
    send: Any
    stop: Any
    clear: Any
    status: Any
    version: Any
    previous: Any
    next: Any
    resume: Any
    retry: Any
    reload: Any
    system: Any
    knobs: Sequence[Any]
    """The sliders, whether to think, the longest thought; and where the sliders stood that nobody has moved."""
    about: Any
    reset: Any
    chat: Any
    request_id: Any

    def outputs(self) -> list[Any]:
        """Everything that a handler may change."""
        inputs = {"clear", "system", "knobs", "about", "reset"}
        return [getattr(self, field.name) for field in fields(self) if field.name not in inputs]


def layout_chat(card: ModelCard) -> ChatParts:
    """Draw everything."""
    return ChatParts(
        log=_layout_log(card),
        **_layout_choices(),
        **_layout_input(),
        status=status_line(elem_id="chat-status"),
        **_layout_options(card),
        chat=gr.State(()),
        request_id=gr.State(""),
    )


def _layout_choices() -> dict[str, Any]:
    """The buttons below the chat: other versions, go on, try again, with a longer context."""
    with gr.Row(elem_classes="q-chat-more"):
        return {
            "previous": _small("‹ Older", "chat-previous"),
            "version": gr.HTML(visible=False, padding=False, elem_id="chat-version"),
            "next": _small("Newer ›", "chat-next"),
            "resume": _small("Continue", "chat-continue"),
            "retry": _small("Try again", "chat-retry"),
            "reload": _small("", "chat-reload"),
        }


def _layout_input() -> dict[str, Any]:
    with gr.Row(elem_classes="q-chat-input", equal_height=True):
        box = gr.Textbox(
            placeholder="Write a message",
            label="Message: Enter sends, Shift+Enter begins a new line", show_label=False, lines=1, max_lines=8, scale=8, elem_id="chat-input",
            container=False, autofocus=True, min_width=160,
        )  # fmt: skip
        return {
            "box": box,
            "send": gr.Button("Send", variant="primary", min_width=80, elem_id="chat-send"),
            "stop": hidden_stop_button(min_width=80, elem_id="chat-stop"),
            "clear": gr.Button("New chat", min_width=100, elem_id="chat-new"),
        }


def about_html(card: ModelCard) -> str:
    """What the model is, and what its card says of the sliders."""
    return note_html(f"{card.name}: {card.description}{defaults_words(card)}")


def placeholder(card: ModelCard) -> str:
    """What an empty chat says: where the words go."""
    host = urlsplit(card.source.removeprefix("remote:")).hostname
    is_remote = card.is_remote and host not in ("localhost", "127.0.0.1")
    place = RUNS_REMOTELY.format(host=escape(host or "")) if is_remote else HERE
    return f"""<div class="q-chat-empty"><strong>Ask anything.</strong>
<span>{place}</span></div>"""


def _small(text: str, elem_id: str) -> Any:
    return gr.Button(text, size="sm", visible=False, min_width=90, elem_id=elem_id, scale=0)


def _layout_log(card: ModelCard) -> Any:
    return gr.Chatbot(
        label=card.name, show_label=False, elem_id="chat-log", height="56vh", min_height=320,
        editable="all", buttons=["copy", "copy_all"], latex_delimiters=LATEX_DELIMITERS,
        placeholder=placeholder(card), examples=[{"text": text} for text in CHAT_EXAMPLES],
        layout="bubble", group_consecutive_messages=False, feedback_options=None,
    )  # fmt: skip


def _layout_options(card: ModelCard) -> dict[str, Any]:
    with gr.Accordion("System prompt, sampling, thinking", open=False, elem_id="chat-options"):
        system = gr.Textbox(
            SYSTEM_PROMPT, label="System prompt", lines=2, max_lines=10,
            info="Who the model is and how it answers, for the whole chat",
        )  # fmt: skip
        with gr.Row():
            knobs = [*map(_slider, KNOBS[:-1]), _number(KNOBS[-1])]
        with gr.Row():
            mode = gr.Radio(
                THINKING, value=AS_THE_MODEL_DOES, label="Thinking", min_width=240,
                info=THINKS,
                elem_id="chat-thinking",
            )  # fmt: skip
            knobs += [mode, _slider(BUDGET), gr.State(tuple(knob.value for knob in KNOBS))]
        reset = gr.Button("Reset", size="sm", min_width=120)
        about = gr.HTML(about_html(card), padding=False, elem_id="chat-about")
    return {"system": system, "knobs": knobs, "about": about, "reset": reset}


def _slider(knob: Knob) -> Any:
    return gr.Slider(
        knob.low, knob.high, knob.value, step=knob.step, label=knob.label, info=knob.info,
        min_width=240, buttons=[],
    )  # fmt: skip


def _number(knob: Knob) -> Any:
    return gr.Number(
        knob.value, label=knob.label, info=knob.info, precision=0, minimum=knob.low,
        maximum=knob.high, min_width=240,
    )  # fmt: skip
