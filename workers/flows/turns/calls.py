"""A tool call of an answer, from the moment the model wants it to its result. Values and pure functions."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from workers.messages import ChatMessage, ToolCall

CallState = Literal["waiting", "running", "done", "refused", "failed"]
"""Waiting for leave, running, or how it ended."""
Decision = Literal["once", "chat", "no"]
"""What a person says to a call that waits: this one, all of this tool in this chat, none."""
OPEN: tuple[CallState, ...] = ("waiting", "running")
INTERRUPTED = "Interrupted: Quintet was stopped meanwhile."
ID_CHARS = 9
"""Mistral's templates take no other length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One call, as it is noted beside the answer under `calls`."""

    id: str
    name: str
    """As the model knows the tool."""
    tool: str = ""
    """Its id; "" if there is none of that name."""
    arguments: str
    """JSON text, as the model wrote it."""
    state: CallState = "running"
    result: str = ""
    """What the model gets."""
    seconds: float = 0.0
    """How long it ran."""
    note: str = ""
    """What there is to say about it, in one sentence: cut, refused, why it failed."""

    def noted(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


def new_call_id() -> str:
    """Return an id for a call: what models give is not always one, nor always unique."""
    return uuid.uuid4().hex[:ID_CHARS]


def settled(calls: Iterable[Mapping[str, Any]], *, is_running: bool) -> list[dict[str, Any]]:
    """Return calls as they are to be shown: those of an answer that is over wait for nothing."""
    return [
        {**call, "state": "failed", "note": INTERRUPTED}
        if call.get("state") in OPEN and not is_running
        else dict(call)
        for call in calls
    ]


MAX_SHOWN = 60
"""Characters of arguments and of a result in one line."""


def one_line(call: Mapping[str, Any]) -> str:
    """Return a call as one line for people: calculator(2*3) → 6 · 0.1 s."""
    ends = {
        "waiting": "waits to be allowed",
        "running": "runs",
        "done": f"→ {_short(str(call.get('result', '')))}",
        "refused": "was not allowed",
        "failed": f"failed: {_short(str(call.get('note', '')))}",
    }
    spent = f" · {call.get('seconds', 0.0):.1f} s" if call.get("seconds") else ""
    said = ends.get(str(call.get("state")), "")
    return f"{call.get('name')}({shown_arguments(str(call.get('arguments', '')))}) {said}{spent}"


def shown_arguments(text: str) -> str:
    """Return arguments in JSON as people read them: a single one is its value alone."""
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return _short(text)
    if not isinstance(value, dict):
        return _short(text)
    named = len(value) > 1
    parts = [f"{name}: {_plain(one)}" if named else _plain(one) for name, one in value.items()]
    return _short(", ".join(parts))


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return f"{line[: MAX_SHOWN - 1]}…" if len(line) > MAX_SHOWN else line


def as_turns(text: str, calls: Iterable[CallRecord]) -> tuple[ChatMessage, ...]:
    """Return what the model said and called, and what it got, as turns of the conversation."""
    listed = tuple(calls)
    asked = tuple(
        ToolCall(call_id=call.id, name=call.name, arguments=call.arguments) for call in listed
    )
    results = (
        ChatMessage(role="tool", text=call.result or call.note, tool_call_id=call.id)
        for call in listed
    )
    return (ChatMessage(role="assistant", text=text, tool_calls=asked), *results)
