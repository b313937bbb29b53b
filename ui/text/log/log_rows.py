"""Exchanges as the messages that Gradio's chatbot takes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ui.text.exchanges import Exchange
from ui.text.shown.answer import above_html, below_html
from ui.text.shown.question import question_html
from ui.text.shown.words import shown_words
from workers.chats.records import Message
from workers.flows.receipt import Receipt

PLAIN = {"padding": False, "apply_default_css": False}


def rows_of(exchanges: Iterable[Exchange]) -> list[dict[str, Any]]:
    """Return everything that is shown of some exchanges."""
    return [row for exchange in exchanges for row in _rows(exchange)]


def _rows(exchange: Exchange) -> list[dict[str, Any]]:
    rows = []
    if exchange.question is not None:
        rows.append(_html("user", question_html(exchange)))
    answer = exchange.answer
    if answer is not None and answer.thought:
        rows.append(_thought(answer))
    if above := above_html(exchange):
        rows.append(_html("assistant", above))
    if answer is not None and (words := shown_words(answer)):
        # A block, for Gradio would strip the indentation of a plain string.
        content = [{"type": "text", "text": words}]
        rows.append({"role": "assistant", "content": content})
    if below := below_html(exchange):
        rows.append(_html("assistant", below))
    return rows


def _thought(answer: Message) -> dict[str, Any]:
    is_thinking = answer.state == "running" and not answer.text
    return {
        "role": "assistant",
        "content": [{"type": "text", "text": answer.thought}],
        "metadata": {
            "title": thought_title(answer),
            "status": "pending" if is_thinking else "done",
        },
    }


def thought_title(answer: Message) -> str:
    """Return what stands over a thought that is folded."""
    if answer.state == "running" and not answer.text:
        return "Thinking …"
    seconds = Receipt.of(answer.details.get("receipt") or {}).usage.thinking_s
    return f"Thought for {seconds:.0f} s" if seconds >= 1 else "Thought"


def _html(role: str, html: str) -> dict[str, Any]:
    """A component of its own: it is neither Markdown nor part of what was said."""
    return {
        "role": role,
        "content": [
            {
                "type": "component",
                "component": "html",
                "value": html,
                "constructor_args": PLAIN,
                "props": PLAIN,
            }
        ],
    }
