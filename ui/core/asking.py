"""What tabs that answer questions share: the box below, a question, an answer and what follows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from workers.flows.receipt import Receipt

from . import unsaid, written
from .icons import icon
from .render import receipt_parts
from .theme import ASSETS

MAX_TURNS = 50
"""Answers that stay above the newest; older ones leave the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Composer:
    """The box for the question, and the one place for Send and Stop."""

    question: Any
    send: Any
    stop: Any


def layout_composer(placeholder: str, prefix: str) -> Composer:
    """Lay it out; ids are `{prefix}-question`, `-ask`, `-stop`."""
    with gr.Row(elem_classes="q-composer", equal_height=False):
        question = gr.Textbox(
            label=placeholder,
            show_label=False,
            container=False,
            placeholder=placeholder,
            lines=1,
            max_lines=6,
            scale=1,
            elem_id=f"{prefix}-question",
        )
        send = gr.Button("Ask", variant="primary", min_width=72, scale=0, elem_id=f"{prefix}-ask")
        stop = gr.Button(
            "Stop", visible=False, min_width=72, scale=0, elem_id=f"{prefix}-stop",
            elem_classes="q-composer-stop",
        )  # fmt: skip
    return Composer(question=question, send=send, stop=stop)


def earlier_turns(elem_id: str) -> gr.HTML:
    """Lay out the answers before the newest; its script serves the whole tab.

    Its `act` event brings what was pressed below an answer: `pressed` reads it.
    """
    return gr.HTML(
        "",
        html_template='<div class="q-turns">${value}</div>',
        js_on_load=(ASSETS / "asking.js").read_text(encoding="utf-8"),
        apply_default_css=False,
        container=False,
        padding=False,
        elem_id=elem_id,
    )


def pressed(event: gr.EventData) -> tuple[str, str]:
    """Return which action was pressed below which question, as a browser says; ("", "") if it says nothing."""
    given: Any = event._data
    if not isinstance(given, dict):
        return "", ""
    return str(given.get("act", "")), str(given.get("question", ""))


def question_html(text: str) -> str:
    """A person's own words, as they were typed."""
    if not text.strip():
        return ""
    typed = escape(text, quote=True)
    return f'<div class="q-me" data-question="{typed}">{written.question_html(text)}</div>'


def answer_html(
    text: str, *, is_done: bool, cites: str = "", unsupported: Sequence[str] = ()
) -> str:
    """Return an answer in Markdown as HTML; with `cites`, marks like [2] lead to the element `{cites}2`.

    `unsupported` sentences are underlined with dots.
    """
    if not text.strip():
        return ""

    def mark(number: int) -> str:
        title = f"Show passage {number}"
        return (
            f'<a class="q-cite" href="#{cites}{number}" target="_self" title="{title}">{number}</a>'
        )

    body = written.answer_html(unsaid.marked(text, unsupported), mark if cites else None)
    body = unsaid.shown(body)
    busy = "" if is_done else ' aria-busy="true"'
    return f'<div class="q-answer" aria-live="polite"{busy}>{body}</div>'


def caution_html(text: str) -> str:
    """What a reader has to know to judge the answer, in the answer's own size."""
    return f'<div class="q-caution">{icon("warning")}<span>{escape(text)}</span></div>'


def remark_html(text: str) -> str:
    """What is good to know beside an answer."""
    return f'<div class="q-remark">{icon("info")}<span>{escape(text)}</span></div>'


def actions_html(receipt: Receipt, *, actions: Sequence[str] = ("copy", "again")) -> str:
    """The row below an answer: what can be done with it, and what it cost."""
    names = {
        "copy": ("copy", "Copy"),
        "again": ("retry", "Ask again"),
        "passages": ("books", "Show its passages beside it"),
    }
    buttons = "".join(
        f'<button type="button" class="q-ib" data-act="{act}" aria-label="{label}" '
        f'title="{label}">{icon(image)}</button>'
        for act, (image, label) in names.items()
        if act in actions
    )
    return f'<div class="q-acts">{buttons}{costs_html(receipt)}</div>'


def costs_html(receipt: Receipt) -> str:
    """Two figures of a receipt, all of them on a click; "" for what no worker has done."""
    if not receipt.total_s:
        return ""
    parts = receipt_parts(receipt)
    total = next((part for part in parts if part.startswith("total ")), "")
    speed = next((part for part in parts if part.endswith(("tokens/s", "real time"))), "")
    short = " · ".join(filter(None, [speed, total.removeprefix("total ")]))
    return (
        f'<details class="q-rec"><summary title="What this answer cost">{escape(short)}</summary>'
        f"<span>{escape(' · '.join(parts))}</span></details>"
    )
