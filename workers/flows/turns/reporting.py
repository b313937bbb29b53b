"""A flow's events for doors that keep no chats: words, and one object that says what the flow has done."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from workers.messages import Event, Finished, TextDelta

from .events import Noted, Rewritten

OVER = "\n\n---\n\n"
"""Before a whole answer that takes the place of what a stream has sent already."""
ENDED = ("done", "failed", "stopped")

Json = dict[str, Any]


def report_of(details: Mapping[str, Any]) -> Json:
    """Return what a flow has noted as one object: `flow` is its name, `note` what a person should know."""
    others = {name: value for name, value in details.items() if name != "flow"}
    flow = details.get("flow", {})
    note = {"note": flow["note"]} if "note" in flow else {}
    return {"flow": flow.get("name"), **note, **others}


async def reported(
    events: AsyncGenerator[Event, None], *, is_streamed: bool
) -> AsyncGenerator[Event, None]:
    """Yield a flow's events as they can be passed on: words, `Noted`, one Finished. Raises: what they raise.

    `Noted` come where a step has ended, each with all that was noted so far. What was said already cannot
    be taken back in a stream: another whole answer then follows it, under a rule. Whoever does not stream
    gets the words at the end.
    """
    report = _Report(is_streamed=is_streamed)
    async with aclosing(events):
        async for event in events:
            for said in report.of(event):
                yield said


@dataclass(slots=True, kw_only=True)
class _Report:
    """What has been said of one flow, and what is to be said next."""

    is_streamed: bool
    text: str = ""
    noted: Json = field(default_factory=dict)
    sent: Json = field(default_factory=dict)

    def of(self, event: Event) -> list[Event]:
        """Return what one event of the flow is for the client."""
        if isinstance(event, Noted) and event.message is not None:
            return []  # of a file of the question
        if isinstance(event, Noted):
            self.noted = {**self.noted, **event.details}
            return self._news() if _is_news(self.noted, self.sent) else []
        if isinstance(event, Rewritten):
            piece, self.text = _said_anew(event.text, self.text), event.text
            return [TextDelta(request_id="", text=piece)] if self.is_streamed else []
        if isinstance(event, TextDelta):
            self.text += event.text
            return [event] if self.is_streamed else []
        if isinstance(event, Finished):
            news = self._news() if self.noted != self.sent else []
            words = [] if self.is_streamed else [TextDelta(request_id="", text=self.text)]
            return [*news, *words, event]
        return [event]

    def _news(self) -> list[Event]:
        self.sent = self.noted
        return [Noted(request_id="", details=self.noted)]


def _is_news(noted: Json, sent: Json) -> bool:
    """Whether a step has ended since, or something else was noted after one has."""
    ended = _num_ended(noted)
    if ended == _num_ended(noted, ("failed",)):  # a refusal can still be a status
        return False
    others = {name for name in noted if name not in ("steps", "answers")}
    return ended != _num_ended(sent) or any(noted[name] != sent.get(name) for name in others)


def _num_ended(noted: Json, states: Sequence[str] = ENDED) -> int:
    steps = [*noted.get("steps", ()), *noted.get("answers", ())]
    return sum(step["state"] in states for step in steps)


def _said_anew(text: str, said: str) -> str:
    return text[len(said) :] if text.startswith(said) else f"{OVER}{text}"
