"""Tool calls in the terminal: leave is asked for at the prompt, and each call is told of in one line."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .options import ToolFlags
from .output import note

if TYPE_CHECKING:
    from workers.flows.turns.calls import Decision

ANSWERS: Mapping[str, Decision] = {"o": "once", "y": "once", "c": "chat"}
"""By the first letter; anything else is no."""


class CallLeave:
    """Who is asked, and what has been allowed for good."""

    def __init__(self, *, allows_all: bool) -> None:
        self._allows_all = allows_all
        self._allowed: set[str] = set()

    def ask(self, call: Mapping[str, Any]) -> Decision:
        """Return what the person at the terminal decides; where nobody is, no."""
        if self._allows_all or call["tool"] in self._allowed:
            return "once"
        what = f"{call['tool']} {call['arguments']}"
        if not sys.stdin.isatty():
            note(f"Not allowed, because nobody can be asked here: {what}. Add --allow-calls.")
            return "no"
        sys.stderr.write(f"\nMay it call {what}? once (o), in this chat (c), no (n): ")
        sys.stderr.flush()
        decision = ANSWERS.get(sys.stdin.readline().strip().lower()[:1], "no")
        if decision == "chat":
            self._allowed.add(call["tool"])
        return decision


def tell_call(call: Mapping[str, Any]) -> None:
    """Say what a call came to."""
    from workers.flows.turns.calls import one_line

    note(f"[{one_line(call)}]")


def calling_options(names: Sequence[str] | None, leave: CallLeave | None = None) -> dict[str, Any]:
    """Return tools as the library takes them; nothing if there are none."""
    if not names:
        return {}
    asked = leave or CallLeave(allows_all=False)
    return {"run_tools": tuple(names), "allow": asked.ask, "on_call": tell_call}


def leave_of(flags: ToolFlags) -> CallLeave:
    """Return who is asked, as the flags say."""
    return CallLeave(allows_all=flags.allow_calls)


def tell_mistake(text: str, schema: Mapping[str, Any] | None) -> None:
    """Say so if an answer does not obey its schema."""
    import json

    from workers.tools.arguments import mistake_in

    if schema is None:
        return
    try:
        mistake = mistake_in(json.loads(text), schema)
    except (ValueError, RecursionError) as err:
        mistake = f"It is no JSON: {err}."
    if mistake:
        note(f"The answer does not obey the schema. {mistake}")


def tell_notes(result: Any) -> None:
    """Say what an answer did without, or how it was come by."""
    for sentence in getattr(result, "notes", ()):
        note(sentence)


def schema_at(path: Path | None) -> dict[str, Any] | None:
    """Return the schema in a file; None without one. Raises: UnsupportedInputError, OSError."""
    from .answering import read_schema

    return read_schema(path) if path else None
