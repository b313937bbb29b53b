"""An answer while it is written: what has come of it so far. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from workers.chats.records import NOTHING, Message, MessageState
from workers.flows.receipt import Receipt
from workers.messages import Event, Finished, Progress, Queued, Started, TextDelta, ThoughtDelta
from workers.messages.errors import AppError, ContextTooLongError
from workers.messages.folds import text_of, thought_of

from .events import Noted, Rewritten

WAITING = (Queued, Started, Progress)
"""Events that say how far the work is."""
SAID = (TextDelta, ThoughtDelta)
NOTHING_ASIDE: Mapping[int, Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveAnswer:
    """One version of an answer at one moment."""

    message: Message
    """As it would be kept if it ended now."""
    waits_for: Event | None = None
    """The last event that says how far the work is; None once words come, and at the end."""
    error: AppError | None = None
    not_kept: str = ""
    """Why what is shown is not kept, in a sentence; "": it is."""
    asides: Mapping[int, Mapping[str, Any]] = field(default_factory=lambda: NOTHING_ASIDE)
    """What was noted meanwhile of other messages of the chat, by id: how a question's files were read."""
    receipt: Receipt = field(default_factory=Receipt)

    @property
    def is_running(self) -> bool:
        """Whether more may come."""
        return self.message.state == "running"


def advanced(answer: LiveAnswer, batch: Sequence[Event]) -> LiveAnswer:
    """Return the answer with some more events."""
    message, waits_for, asides = answer.message, answer.waits_for, answer.asides
    for event in batch:
        answer.receipt.see(event)
        if isinstance(event, WAITING):
            waits_for = event
        elif isinstance(event, Noted) and event.message is not None:
            of = {**asides.get(event.message, {}), **event.details}
            asides = {**asides, event.message: of}
        elif isinstance(event, Noted):
            message = replace(message, details={**message.details, **event.details})
        elif isinstance(event, Rewritten):
            message = replace(message, text=event.text)
        elif isinstance(event, SAID):
            text, thought = text_of([event]), thought_of([event])
            message = replace(message, text=message.text + text, thought=message.thought + thought)
            waits_for = None
    return replace(answer, message=message, waits_for=waits_for, asides=asides)


def ended(answer: LiveAnswer, state: MessageState, error: AppError | None = None) -> LiveAnswer:
    """Return the answer at its end, with its receipt among its details."""
    details: dict[str, Any] = {**answer.message.details, "receipt": answer.receipt.kept()}
    sentence = str(error) if error else ""
    if isinstance(error, ContextTooLongError):
        details["is_too_long"] = True
        if error.offer is not None:
            details["offer"] = error.offer.as_dict()
        sentence = error.message  # doors say in their own way how the offer is taken
    message = replace(answer.message, state=state, error=sentence, details=details)
    return replace(answer, message=message, waits_for=None, error=error)


def end_in(batch: Sequence[Event]) -> Finished | None:
    """Return the event that closes the answer, if it is among these."""
    return next((event for event in batch if isinstance(event, Finished)), None)


def begun(message: Message, details: Mapping[str, Any] = NOTHING) -> LiveAnswer:
    """Return an answer of which nothing has come yet, or that goes on from where it broke off."""
    whole = replace(message, state="running", error="", details={**message.details, **details})
    return LiveAnswer(message=whole)
