"""Open WebUI's export: a list of records, each with `chat.history.messages`, a tree by id.

Source: the file that "Export chats" writes: `parentId`, `role`, `content`, `timestamp`, `currentId`.
Older ones have `chat.messages` alone, a list in order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .portable import PortableChat, PortableMessage
from .reading import Left, parents_first, seconds, text_or


def read_open_webui(entry: Mapping[str, Any], left: Left) -> PortableChat:
    """Return one chat; files and pictures are left out."""
    chat: Mapping[str, Any] = entry["chat"]
    nodes, shown = _nodes(chat)
    kept: dict[str, str | None] = {}
    messages: list[PortableMessage] = []
    for name in parents_first(nodes, "parentId"):
        node = nodes[name]
        above = kept.get(str(node.get("parentId")))
        message = _message(name, above, node, left)
        kept[name] = name if message is not None else above
        if message is not None:
            messages.append(message)
    return PortableChat(
        title=text_or(entry.get("title"), text_or(chat.get("title"))),
        is_pinned=entry.get("pinned") is True,
        created_s=seconds(entry.get("created_at")),
        messages=messages,
        shown=kept.get(shown),
    )


def _nodes(chat: Mapping[str, Any]) -> tuple[dict[str, dict[str, Any]], str]:
    """Return the messages by id, and the id of the one that ends what is shown."""
    history = chat.get("history")
    if isinstance(history, dict) and isinstance(history.get("messages"), dict):
        found = history["messages"]
        nodes = {name: node for name, node in found.items() if isinstance(node, dict)}
        return nodes, str(history.get("currentId"))
    listed = chat.get("messages")
    in_order = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    nodes = {
        str(index): {**one, "parentId": str(index - 1) if index else None}
        for index, one in enumerate(in_order)
    }
    return nodes, str(len(nodes) - 1)


def _message(
    name: str, parent: str | None, node: Mapping[str, Any], left: Left
) -> PortableMessage | None:
    role, text = text_or(node.get("role")), text_or(node.get("content"))
    files = node.get("files")
    for file in files if isinstance(files, list) else ():
        is_picture = isinstance(file, dict) and file.get("type") == "image"
        left.note("picture" if is_picture else "file")
    if role not in ("user", "assistant"):
        left.note("system prompt" if role == "system" else "tool's answer")
        return None
    if not text:
        return None
    model = node.get("model")
    return PortableMessage(
        id=name,
        parent=parent,
        role="user" if role == "user" else "assistant",
        text=text,
        created_s=seconds(node.get("timestamp")),
        details={"model": model} if role == "assistant" and isinstance(model, str) else {},
    )
