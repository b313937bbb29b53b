"""ChatGPT's export: conversations.json, a list of trees.

Source: the file that "Export data" sends, as its fields are named there: `mapping`, `current_node`,
`message.author.role`, `message.content.parts`.
"""

from __future__ import annotations

from workers.chats.records import KeptChat, Message

from .portable import WholeChat
from .reading import Left, Node, mapping_or_empty, read_tree, seconds, text_of_parts, text_or


def read_openai(entry: Node, left: Left) -> WholeChat:
    """Return one conversation; system prompts, thoughts, tools' answers and pictures are left out."""
    nodes = {name: mapping_or_empty(node) for name, node in entry["mapping"].items()}
    messages, shown = read_tree(
        nodes, "parent", entry.get("current_node"), lambda node: _message(node, left)
    )
    chat = KeptChat(
        id="",
        title=text_or(entry.get("title")),
        created_s=seconds(entry.get("create_time")),
        shown=shown,
    )
    return WholeChat(chat=chat, messages=messages)


def _message(node: Node, left: Left) -> Message | None:
    message = mapping_or_empty(node.get("message"))
    role = text_or(mapping_or_empty(message.get("author")).get("role"))
    text = _text(mapping_or_empty(message.get("content")), left)
    if not text:
        return None
    if role not in ("user", "assistant"):
        left.note("system prompt" if role == "system" else "tool's answer")
        return None
    model = mapping_or_empty(message.get("metadata")).get("model_slug")
    return Message(
        id=0,
        parent=None,
        role="user" if role == "user" else "assistant",
        text=text,
        created_s=seconds(message.get("create_time")),
        details={"model": model} if role == "assistant" and isinstance(model, str) else {},
    )


def _text(content: Node, left: Left) -> str:
    if "thoughts" in content:
        left.note("thought")
    parts = content.get("parts")
    return text_of_parts(parts, left) if isinstance(parts, list) else text_or(content.get("text"))
