"""The chat as the messages that Gradio's chatbot takes."""

from __future__ import annotations

from typing import Any

from ui.core.light_updates import Tail

from .view import Chat, rows


def chat_rows(chat: Chat) -> list[dict[str, Any]]:
    """The chat as Gradio's messages; footers are HTML components, which cannot be edited."""
    return [_row(row) for row in rows(chat)]


def last_rows(chat: Chat, start: int) -> Tail:
    """The rows of the last exchange, of which the first has this number in the whole chat."""
    return Tail(start=start, rows=chat_rows(chat[-1:]))


def _row(row: dict[str, Any]) -> dict[str, Any]:
    if "thought" in row:
        status = "pending" if row["thought"].endswith("…") else "done"
        return {
            "role": row["role"],
            "content": [{"type": "text", "text": row["content"]}],
            "metadata": {"title": row["thought"], "status": status},
        }
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
