"""What the readers of other systems' exports share: trees of any shape, and what is left out of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


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


def parents_first(nodes: Mapping[str, Mapping[str, Any]], parent_key: str) -> Iterator[str]:
    """Yield the ids of a tree, each after its parent; what leads round in a circle is left out."""
    below: dict[str | None, list[str]] = {}
    for name, node in nodes.items():
        parent = node.get(parent_key) if isinstance(node, dict) else None
        is_known = isinstance(parent, str) and parent in nodes
        below.setdefault(parent if is_known else None, []).append(name)
    waiting = list(reversed(below.get(None, [])))
    while waiting:
        name = waiting.pop()
        yield name
        waiting.extend(reversed(below.get(name, [])))


def seconds(value: object) -> float:
    """Return a time as seconds since 1970, also of one in milliseconds; 0 for what is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return 0.0
    return value / 1000 if value > 1e11 else float(value)


def text_or(value: object, other: str = "") -> str:
    """Return a value that is a text, else another."""
    return value if isinstance(value, str) else other
