"""The parts of a flow: each is one question to one model, shown as a step while it is answered.

What a part waits for (`Queued`, `Started`, `Progress`) and notes (sources, files) is passed on; its words
are the step's, and the answer's only where the way says so.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from workers.flows.receipt import Receipt
from workers.messages import (
    Event,
    Finished,
    FinishReason,
    TextDelta,
    ThoughtDelta,
    ToolCallDelta,
    Usage,
)
from workers.messages.errors import AppError

from .events import Noted, Rewritten

StepState: TypeAlias = Literal["waiting", "running", "done", "failed", "stopped"]
EVERY_S = 0.1
"""Between two notes of words that were added to a step: each carries all steps once more."""


@dataclass(slots=True, kw_only=True)
class FlowStep:
    """One part of a flow as it is shown."""

    title: str
    model: str = ""
    """Id of the card that answers; "": no text model does."""
    state: StepState = "waiting"
    text: str = ""
    thought: str = ""
    note: str = ""
    """What a person should know of it besides: why it failed, what was left out."""
    seconds: float = 0.0
    receipt: Receipt | None = None
    """Kept with it where the step is an answer of its own; None: it is part of the whole's."""

    def kept(self) -> dict[str, Any]:
        """Return it as JSON, without what is empty."""
        values = {
            "title": self.title,
            "state": self.state,
            "text": self.text,
            "thought": self.thought,
            "note": self.note,
            "model": self.model,
            "seconds": round(self.seconds, 1),
            "receipt": self.receipt.kept() if self.receipt else None,
        }
        wanted = ("title", "state", "text")
        return {name: value for name, value in values.items() if value or name in wanted}


class FlowRun:
    """One run of a flow: its steps, and what they cost together."""

    def __init__(self, name: str, key: str = "steps") -> None:
        """`name`: of the flow; `key`: under which detail its steps are kept."""
        self.steps: list[FlowStep] = []
        self._name, self._key = name, key
        self._note = ""
        self._usages: list[Usage] = []
        self._reason: FinishReason = "stop"
        self._peak_mib = 0
        self._noted_s = 0.0

    @property
    def is_stopped(self) -> bool:
        """Whether somebody has stopped it."""
        return self._reason == "cancelled"

    @property
    def last_usage(self) -> Usage:
        """What the last part that ended has cost."""
        return self._usages[-1]

    def add(self, title: str, model: str = "") -> FlowStep:
        """Return one more step, which waits."""
        self.steps.append(FlowStep(title=title, model=model))
        return self.steps[-1]

    def noted(self, **details: Any) -> Noted:
        """Return all steps as they are now, with other details of the answer."""
        self._noted_s = time.monotonic()
        flow = {"name": self._name, **({"note": self._note} if self._note else {})}
        steps = [step.kept() for step in self.steps]
        return Noted(request_id="", details={"flow": flow, self._key: steps, **details})

    def remark(self, sentence: str, **details: Any) -> Noted:
        """Return a note that tells the person who asked one thing more."""
        self._note = f"{self._note} {sentence}".strip()
        return self.noted(**details)

    async def take(
        self,
        step: FlowStep,
        events: AsyncGenerator[Event, None],
        *,
        is_answer: bool = False,
        is_aside: bool = False,
    ) -> AsyncGenerator[Event, None]:
        """Yield what a step's events say to the whole.

        `is_answer`: its words are the answer's too; `is_aside`: why it ended is not why the whole did,
        unless it was stopped. Raises: the AppError of the step, once that is noted.
        """
        began_s = time.monotonic() - step.seconds  # it may have been tried before
        step.state = "running"
        yield self.noted()
        try:
            async with aclosing(events):
                async for event in events:
                    if step.receipt is not None:
                        step.receipt.see(event)
                    step.seconds = time.monotonic() - began_s
                    if isinstance(event, Finished):
                        self.see(event, is_aside=is_aside)
                        continue
                    is_words = _written(step, event)
                    if not is_words or (is_answer and not isinstance(event, Rewritten)):
                        yield event
                    if is_words and time.monotonic() - self._noted_s >= EVERY_S:
                        yield self.noted()
        except AppError as err:
            step.state, step.note = "failed", str(err)
            yield self.noted()
            raise
        step.state = "stopped" if self.is_stopped else "done"
        yield self.noted()

    def end(self) -> Finished:
        """Return the end of the whole, with the cost of all parts."""
        return Finished(
            request_id="", reason=self._reason, usage=total(self._usages), peak_mib=self._peak_mib
        )

    def see(self, end: Finished, *, is_aside: bool) -> None:
        """Take note of how a part ended."""
        self._usages.append(end.usage)
        self._peak_mib = max(self._peak_mib, end.peak_mib)
        if not is_aside or end.reason == "cancelled":
            self._reason = end.reason


def _written(step: FlowStep, event: Event) -> bool:
    """Take an event's words into the step; returns whether it has any."""
    if isinstance(event, TextDelta):
        step.text += event.text
    elif isinstance(event, ThoughtDelta):
        step.thought += event.text
    elif isinstance(event, Rewritten):
        step.text = event.text
    else:
        return isinstance(event, ToolCallDelta)
    return True


def total(usages: list[Usage]) -> Usage:
    """Return what several requests cost together."""
    return Usage(
        prompt_tokens=sum(usage.prompt_tokens for usage in usages),
        cached_tokens=sum(usage.cached_tokens for usage in usages),
        completion_tokens=sum(usage.completion_tokens for usage in usages),
        thinking_tokens=sum(usage.thinking_tokens for usage in usages),
        prefill_s=sum(usage.prefill_s for usage in usages),
        decode_s=sum(usage.decode_s for usage in usages),
    )
