"""Events → what they add up to: the text of an answer, its end, its tool calls. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .events import Event, Finished, TextDelta, ThoughtDelta, ToolCallDelta


def text_of(events: Iterable[Event]) -> str:
    """Return the answer's text."""
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def thought_of(events: Iterable[Event]) -> str:
    """Return what was thought before the answer; "" for most models."""
    return "".join(event.text for event in events if isinstance(event, ThoughtDelta))


def end_of(events: Iterable[Event]) -> Finished:
    """Return the event that closes an answer."""
    return next(event for event in events if isinstance(event, Finished))


def calls_of(events: Iterable[Event]) -> list[dict[str, Any]]:
    """Return the answer's tool calls, their pieces joined."""
    calls: dict[int, dict[str, Any]] = {}
    for event in events:
        if isinstance(event, ToolCallDelta):
            function = {"name": "", "arguments": ""}
            call = calls.setdefault(
                event.index, {"id": "", "type": "function", "function": function}
            )
            call["id"] = call["id"] or event.call_id
            call["function"]["name"] = call["function"]["name"] or event.name
            call["function"]["arguments"] += event.arguments
    return list(calls.values())
