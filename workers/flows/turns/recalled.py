"""Calls of tools in earlier answers, as a model gets them again: it is to know what it has found out. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from workers.chats.records import Message

from .calls import OPEN, CallRecord, shown_arguments

MAX_RESULT_CHARS = 2_000
"""Of an earlier result: it has been answered from already, and others need the room."""
CUT = "[Cut: {shown:,} of {all:,} characters are given again.]"
NOTE = "Of {count} earlier {results} of tools the first {chars:,} characters alone are given again."
IN_WORDS = "[Called for the answer: {name}({arguments}) → {result}]"


def recalled(answer: Message) -> tuple[CallRecord, ...]:
    """Return the calls of an answer that are over, long results cut; what is no call is left out."""
    kept = answer.details.get("calls")
    found = (_record(call) for call in kept) if isinstance(kept, list) else ()
    return tuple(call for call in found if call is not None)


def in_words(calls: Iterable[CallRecord]) -> str:
    """Return calls as they stand with the question, for a model that gets no calls; "" for none."""
    lines = (
        IN_WORDS.format(
            name=call.name, arguments=shown_arguments(call.arguments), result=call.result
        )
        for call in calls
    )
    return "\n".join(lines)


def recalled_chars(message: Message) -> int:
    """Return how many characters a message's calls take in a prompt."""
    return sum(len(call.arguments) + len(call.result) for call in recalled(message))


def note_of(path: Iterable[Message]) -> str:
    """Return what is to be said of results that are cut; "" if none is."""
    count = sum(_is_cut(call) for message in path for call in recalled(message))
    results = "result" if count == 1 else "results"
    return NOTE.format(count=count, results=results, chars=MAX_RESULT_CHARS) if count else ""


def _record(call: Any) -> CallRecord | None:
    """Chats may come from anywhere: only what is of its kind counts."""
    if not isinstance(call, dict) or call.get("state") in OPEN:
        return None
    texts = {name: call.get(name) for name in ("id", "name", "arguments", "result", "note")}
    words = {name: text for name, text in texts.items() if isinstance(text, str)}
    if not words.get("id") or not words.get("name"):
        return None
    return CallRecord(
        id=words["id"],
        name=words["name"],
        arguments=_arguments(words.get("arguments", "")),
        state="done",
        result=_shortened(words.get("result") or words.get("note", "")),
    )


def _arguments(text: str) -> str:
    """Templates read arguments as JSON; what a model wrote may be none."""
    try:
        return text if isinstance(json.loads(text), dict) else "{}"
    except (ValueError, RecursionError):
        return "{}"


def _shortened(text: str) -> str:
    if len(text) <= MAX_RESULT_CHARS:
        return text
    cut = CUT.format(shown=MAX_RESULT_CHARS, all=len(text))
    return f"{text[:MAX_RESULT_CHARS]}\n{cut}"


def _is_cut(call: CallRecord) -> bool:
    return len(call.result) > MAX_RESULT_CHARS
