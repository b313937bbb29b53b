"""The look of the Text tab: the chat, its box and buttons, the knobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import urlsplit

import gradio as gr

from configs.catalogue import ModelCard
from workers.messages import SamplingParams

from .chat_view import Chat, rows

SYSTEM_PROMPT = "You are a helpful assistant. Answer clearly and briefly."

CHAT_EXAMPLES = (
    "Explain in three sentences why the sky is blue.",
    "Write a Python function that reverses a list, with an example.",
    "Write a polite message asking my neighbour to turn the music down.",
    "Write the Pythagorean theorem as a formula in LaTeX.",
)

HERE = "The model runs on this machine; nothing you write leaves it."
ELSEWHERE = "This model runs at {host}: what you write is sent there."

LATEX_DELIMITERS: list[dict[str, str | bool]] = [
    {"left": "$$", "right": "$$", "display": True},
    {"left": "\\[", "right": "\\]", "display": True},
    {"left": "\\(", "right": "\\)", "display": False},
    {"left": "$", "right": "$", "display": False},
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Knob:
    """One sampling parameter as a slider."""

    name: str
    """Field of SamplingParams."""
    label: str
    info: str
    low: float
    high: float
    step: float
    value: float


RANDOM = -1
"""The seed that stands for none: an empty number box becomes 0 once it is drawn."""

KNOBS = (
    Knob(name="temperature", label="Temperature", low=0, high=2, step=0.05, value=0.3,
         info="0 always takes the likeliest word; higher is more varied"),
    Knob(name="top_p", label="Top p", low=0.05, high=1, step=0.05, value=0.9,
         info="Choose among the likeliest words with this much probability together"),
    Knob(name="top_k", label="Top k", low=0, high=200, step=1, value=40,
         info="Choose among so many words; 0 for all"),
    Knob(name="min_p", label="Min p", low=0, high=0.5, step=0.01, value=0.05,
         info="Drop words less likely than this share of the likeliest"),
    Knob(name="repeat_penalty", label="Repeat penalty", low=1, high=1.5, step=0.01, value=1.1,
         info="Above 1 discourages repetition"),
    Knob(name="max_tokens", label="Longest answer, tokens", low=16, high=4096, step=16, value=1024,
         info="A word is about 1.3 tokens"),
    Knob(name="seed", label="Seed", low=RANDOM, high=2**31 - 1, step=1, value=RANDOM,
         info="Same seed, same answer; -1 is random. With a seed, each turn reads the whole chat"),
)  # fmt: skip

WHOLE = ("top_k", "max_tokens", "seed")
"""Parameters that are whole numbers."""


def sampling_of(values: Sequence[float | None]) -> SamplingParams:
    """Turn the knobs' values, in the order of `KNOBS`, into parameters."""
    given = {
        knob.name: int(value) if knob.name in WHOLE else float(value)
        for knob, value in zip(KNOBS, values, strict=True)
        if value is not None and not (knob.name == "seed" and value == RANDOM)
    }
    return SamplingParams(**given)  # type: ignore[arg-type]  # ints where ints belong, see WHOLE


def chat_rows(chat: Chat) -> list[dict[str, Any]]:
    """The chat as Gradio's messages; footers are HTML components, which cannot be edited."""
    return [_row(row) for row in rows(chat)]


def _row(row: dict[str, Any]) -> dict[str, Any]:
    if "footer" not in row:
        # A block, for Gradio would strip the indentation of a plain string.
        return {"role": row["role"], "content": [{"type": "text", "text": row["content"]}]}
    return {
        "role": row["role"],
        "content": [
            {
                "type": "component",
                "component": "html",
                "value": row["footer"],
                "constructor_args": {"padding": False},
                "props": {"padding": False},
            }
        ],
    }


def layout_chat(card: ModelCard) -> dict[str, Any]:
    """Draw everything; returns the components by the names of `Parts`."""
    parts: dict[str, Any] = {"log": _layout_log(card)}
    with gr.Row(elem_classes="q-chat-more"):
        parts["previous"] = _small("‹ Older", "chat-previous")
        parts["version"] = gr.HTML(visible=False, padding=False, elem_id="chat-version")
        parts["next"] = _small("Newer ›", "chat-next")
        parts["resume"] = _small("Continue", "chat-continue")
        parts["retry"] = _small("Try again", "chat-retry")
    with gr.Row(elem_classes="q-chat-input", equal_height=True):
        parts["box"] = gr.Textbox(
            placeholder="Write a message",
            label="Message: Enter sends, Shift+Enter begins a new line", show_label=False, lines=1, max_lines=8, scale=8, elem_id="chat-input",
            container=False, autofocus=True, min_width=160,
        )  # fmt: skip
        parts["send"] = gr.Button("Send", variant="primary", min_width=80, elem_id="chat-send")
        parts["stop"] = gr.Button(
            "Stop", variant="stop", visible=False, min_width=80, elem_id="chat-stop"
        )
        parts["clear"] = gr.Button("New chat", min_width=100, elem_id="chat-new")
    parts["status"] = gr.HTML(elem_classes="q-status", padding=False, elem_id="chat-status")
    with gr.Accordion("System prompt and sampling", open=False, elem_id="chat-options"):
        parts |= _layout_options(card)
    return parts


def _placeholder(card: ModelCard) -> str:
    """What an empty chat says: where the words go."""
    host = urlsplit(card.source.removeprefix("remote:")).hostname
    is_remote = card.source.startswith("remote:") and host not in ("localhost", "127.0.0.1")
    told = ELSEWHERE.format(host=escape(host or "")) if is_remote else HERE
    return f"""<div class="q-chat-empty"><strong>Ask anything.</strong>
<span>{told}</span></div>"""


def _small(text: str, elem_id: str) -> Any:
    return gr.Button(text, size="sm", visible=False, min_width=90, elem_id=elem_id, scale=0)


def _layout_log(card: ModelCard) -> Any:
    return gr.Chatbot(
        label=card.name, show_label=False, elem_id="chat-log", height="56vh", min_height=320,
        editable="all", buttons=["copy", "copy_all"], latex_delimiters=LATEX_DELIMITERS,
        placeholder=_placeholder(card), examples=[{"text": text} for text in CHAT_EXAMPLES],
        layout="bubble", group_consecutive_messages=False, feedback_options=None,
    )  # fmt: skip


def _layout_options(card: ModelCard) -> dict[str, Any]:
    system = gr.Textbox(
        SYSTEM_PROMPT, label="System prompt", lines=2, max_lines=10,
        info="Who the model is and how it answers, for the whole chat",
    )  # fmt: skip
    with gr.Row():
        knobs = [*map(_slider, KNOBS[:-1]), _number(KNOBS[-1])]
    reset = gr.Button("Reset sampling", size="sm", min_width=120)
    gr.HTML(f'<div class="q-line q-note">{card.name}: {card.description}</div>', padding=False)
    return {"system": system, "knobs": knobs, "reset": reset}


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
