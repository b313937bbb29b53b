"""Open WebUI's export: a list of records, each with `chat.history.messages`, a tree by id.

Source: the file that "Export chats" writes: `parentId`, `role`, `content`, `timestamp`, `currentId`.
Older ones have `chat.messages` alone, a list in order.
"""

from __future__ import annotations

from workers.chats.records import KeptChat, Message

from .portable import WholeChat
from .reading import Left, Node, mapping_or_empty, read_tree, seconds, text_of_parts, text_or


def read_open_webui(entry: Node, left: Left) -> WholeChat:
    """Return one chat; files, pictures and system prompts are left out."""
    chat: Node = entry["chat"]
    nodes, end = _nodes(chat)
    messages, shown = read_tree(nodes, "parentId", end, lambda node: _message(node, left))
    kept = KeptChat(
        id="",
        title=text_or(entry.get("title"), text_or(chat.get("title"))),
        is_pinned=entry.get("pinned") is True,
        created_s=seconds(entry.get("created_at")),
        shown=shown,
    )
    return WholeChat(chat=kept, messages=messages)


def _nodes(chat: Node) -> tuple[dict[str, Node], object]:
    """Return the messages by id, and the id of the one that ends what is shown."""
    history = mapping_or_empty(chat.get("history"))
    if isinstance(history.get("messages"), dict):
        nodes = {name: mapping_or_empty(node) for name, node in history["messages"].items()}
        return nodes, history.get("currentId")
    listed = chat.get("messages")
    in_order = map(mapping_or_empty, listed if isinstance(listed, list) else ())
    nodes = {str(index): {**one, "parentId": str(index - 1)} for index, one in enumerate(in_order)}
    return nodes, len(nodes) - 1


def _message(node: Node, left: Left) -> Message | None:
    files = node.get("files")
    for file in files if isinstance(files, list) else ():
        left.note("picture" if mapping_or_empty(file).get("type") == "image" else "file")
    role, content = text_or(node.get("role")), node.get("content")
    text = text_of_parts(content, left) if isinstance(content, list) else text_or(content)
    if not text:
        return None
    if role not in ("user", "assistant"):
        left.note("system prompt" if role == "system" else "tool's answer")
        return None
    model = node.get("model")
    return Message(
        id=0,
        parent=None,
        role="user" if role == "user" else "assistant",
        text=text,
        created_s=seconds(node.get("timestamp")),
        details={"model": model} if role == "assistant" and isinstance(model, str) else {},
    )
