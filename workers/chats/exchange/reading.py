"""What the readers of other systems' exports share: trees of any shape, and what is left out of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from workers.chats.records import Message

Node: TypeAlias = Mapping[str, Any]


@dataclass(slots=True)
class Left:
    """What was not taken over, counted."""

    kinds: Counter[str] = field(default_factory=Counter)

    def note(self, kind: str) -> None:
        """Count one thing more, such as "picture"."""
        self.kinds[kind] += 1

    def sentence(self) -> str:
        """Return "Left out: 2 pictures, 1 system prompt."; "" if nothing was."""
        if not self.kinds:
            return ""
        parts = (f"{count:,} {kind}{'s' * (count != 1)}" for kind, count in self.kinds.items())
        return f"Left out: {', '.join(parts)}."


def read_tree(
    nodes: Mapping[str, Node],
    parent_key: str,
    shown: object,
    read: Callable[[Node], Message | None],
) -> tuple[tuple[Message, ...], int | None]:
    """Return the messages that `read` makes of nodes, numbered from 1, and which of them ends what is shown.

    What follows a node without a message follows the nearest message above it.
    """
    kept: dict[str, int | None] = {}
    """Name of a node → number of the message at or above it."""
    messages: list[Message] = []
    for name in _parents_first(nodes, parent_key):
        above = kept.get(str(nodes[name].get(parent_key)))
        kept[name] = above
        if (message := read(nodes[name])) is not None:
            kept[name] = len(messages) + 1
            messages.append(replace(message, id=len(messages) + 1, parent=above))
    return tuple(messages), kept.get(str(shown))


def _parents_first(nodes: Mapping[str, Node], parent_key: str) -> Iterator[str]:
    """Yield the names of a tree, each after its parent's; then those that lead round in a circle."""
    below: dict[str | None, list[str]] = {}
    for name, node in nodes.items():
        parent = node.get(parent_key)
        is_known = isinstance(parent, str) and parent in nodes
        below.setdefault(parent if is_known else None, []).append(name)
    waiting = list(reversed(below.pop(None, [])))
    while waiting:
        name = waiting.pop()
        yield name
        waiting.extend(reversed(below.pop(name, [])))
    for in_circle in below.values():
        yield from in_circle


def seconds(value: object) -> float:
    """Return a time as seconds since 1970, also of one in milliseconds; 0 for what is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return 0.0
    return value / 1000 if value > 1e11 else float(value)


def text_or(value: object, other: str = "") -> str:
    """Return a value that is a text, else another."""
    return value if isinstance(value, str) else other


def mapping_or_empty(value: object) -> Node:
    """Return a value that is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def text_of_parts(parts: list[Any], left: Left) -> str:
    """Return the texts among the parts of a message, a line each; the others are counted."""
    texts: list[str] = []
    for part in parts:
        text = part if isinstance(part, str) else mapping_or_empty(part).get("text")
        if isinstance(text, str):
            texts.append(text)
            continue
        kind = f"{mapping_or_empty(part).get('content_type')} {mapping_or_empty(part).get('type')}"
        left.note("picture" if "image" in kind else "part that is no text")
    return "\n".join(text for text in texts if text)
