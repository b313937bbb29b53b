"""The chat as the messages that Gradio's chatbot takes."""

from __future__ import annotations

from typing import Any

from .view import Chat, rows


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
