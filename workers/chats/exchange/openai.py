"""ChatGPT's export: conversations.json, a list of trees.

Source: the file that "Export data" sends, as its fields are named there: `mapping`, `current_node`,
`message.author.role`, `message.content.parts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .portable import PortableChat, PortableMessage
from .reading import Left, parents_first, seconds, text_or

ROLES = {"user": "user", "assistant": "assistant"}


def read_openai(entry: Mapping[str, Any], left: Left) -> PortableChat:
    """Return one conversation; system prompts, tools' answers and pictures are left out."""
    nodes: Mapping[str, Any] = entry["mapping"]
    kept: dict[str, str | None] = {}
    """Id of a node → of the nearest message at or above it that is taken over."""
    messages: list[PortableMessage] = []
    for name in parents_first(nodes, "parent"):
        node = nodes[name] if isinstance(nodes[name], dict) else {}
        above = kept.get(str(node.get("parent")))
        message = _message(name, above, node.get("message"), left)
        kept[name] = name if message is not None else above
        if message is not None:
            messages.append(message)
    return PortableChat(
        title=text_or(entry.get("title")),
        created_s=seconds(entry.get("create_time")),
        messages=messages,
        shown=kept.get(str(entry.get("current_node"))),
    )


def _message(name: str, parent: str | None, message: object, left: Left) -> PortableMessage | None:
    if not isinstance(message, dict):
        return None
    author, content = message.get("author"), message.get("content")
    role = text_or(author.get("role")) if isinstance(author, dict) else ""
    text = _text(content if isinstance(content, dict) else {}, left)
    if role not in ROLES:
        if text:
            left.note("system prompt" if role == "system" else "tool's answer")
        return None
    if not text:
        return None
    metadata = message.get("metadata")
    model = metadata.get("model_slug") if isinstance(metadata, dict) else None
    return PortableMessage(
        id=name,
        parent=parent,
        role="user" if role == "user" else "assistant",
        text=text,
        created_s=seconds(message.get("create_time")),
        details={"model": model} if role == "assistant" and isinstance(model, str) else {},
    )


def _text(content: Mapping[str, Any], left: Left) -> str:
    parts = content.get("parts")
    if not isinstance(parts, list):
        return text_or(content.get("text"))
    for part in parts:
        if not isinstance(part, str):
            kind = text_or(part.get("content_type")) if isinstance(part, dict) else ""
            left.note("picture" if "image" in kind else "part that is no text")
    return "\n".join(part for part in parts if isinstance(part, str) and part)
