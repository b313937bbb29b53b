"""Plan a task, solve each step alone, put the answers together: for models that lose the thread."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace

from workers.client import Client
from workers.messages import (
    NO_THOUGHTS,
    ChatMessage,
    Event,
    Finished,
    Generate,
    SamplingParams,
    TextDelta,
    Usage,
)

from .route import SAMPLING, total

MAX_STEPS = 12
"""A plan asked to be short; a model that writes a hundred steps has lost its way."""
PLAN = (
    "{task}\n\nDo not solve this yet. Write a plan for it: a short markdown list of steps that do "
    "not depend on each other, one line each, and nothing else."
)
STEP = "{task}\n\nDo only this one step of it, and nothing else: {step}"

_ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d+[.)])[ \t]+(?P<step>\S.*?)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain(Event):
    """What to work through; the request id is that of every event of the flow."""

    messages: tuple[ChatMessage, ...]
    """The conversation; its last turn is the task."""
    model: str | None = None
    sampling: SamplingParams = SAMPLING


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned(Event):
    """The plan as written (its TextDeltas came before), and the steps found in it."""

    text: str
    steps: tuple[str, ...]
    num_dropped: int = 0
    """Steps beyond `MAX_STEPS`, which are not solved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepBegun(Event):
    """The TextDeltas from here on solve this step."""

    index: int
    """From 0."""
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled(Event):
    """Plan and solutions as one markdown text: what the conversation goes on with."""

    text: str


async def chain(client: Client, ask: Chain) -> AsyncGenerator[Event, None]:
    """Yield TextDelta…, Planned, then per step StepBegun and TextDelta…, Assembled, one Finished.

    A plan without a list is one step: the task itself. Closing it stops the model. Raises: AppError.
    """
    task = ask.messages[-1]
    ends: list[Finished] = []
    plans: list[str] = []
    solutions: list[str] = []
    async for event in _say(client, ask, PLAN.format(task=task.text), plans, ends):
        yield event
    found = steps_of(plans[0])
    steps = (found or (task.text,))[:MAX_STEPS]
    yield Planned(
        request_id=ask.request_id,
        text=plans[0],
        steps=steps,
        num_dropped=max(0, len(found) - MAX_STEPS),
    )
    for index, step in enumerate(steps):
        if ends[-1].reason == "cancelled":
            break
        yield StepBegun(request_id=ask.request_id, index=index, step=step)
        async for event in _say(
            client, ask, STEP.format(task=task.text, step=step), solutions, ends
        ):
            yield event
    yield Assembled(request_id=ask.request_id, text=assembled(plans[0], solutions))
    yield _end(ask, ends)


async def _say(
    client: Client, ask: Chain, prompt: str, answers: list[str], ends: list[Finished]
) -> AsyncGenerator[Event, None]:
    """Yield the answer to one prompt after the conversation so far; note its text and its end."""
    turns = (*ask.messages[:-1], ChatMessage(role="user", text=prompt))
    request = Generate(messages=turns, sampling=ask.sampling, model=ask.model, thinking=NO_THOUGHTS)
    text = ""
    async with aclosing(client.astream(request)) as events:
        async for event in events:
            if isinstance(event, Finished):
                ends.append(event)
                answers.append(text)
                return
            text += event.text if isinstance(event, TextDelta) else ""
            yield replace(event, request_id=ask.request_id)


def steps_of(plan: str) -> tuple[str, ...]:
    """Return the items of every list in a plan, in order, without their marks."""
    return tuple(match["step"] for match in _ITEM.finditer(plan))


def assembled(plan: str, solutions: list[str]) -> str:
    """Return plan and solutions under their headings."""
    answers = "\n\n# Next\n\n---\n\n".join(text.strip() for text in solutions)
    return f"# Plan\n\n---\n\n{plan.strip()}\n\n# Solutions\n\n---\n\n{answers}"


def _end(ask: Chain, ends: list[Finished]) -> Finished:
    usages: list[Usage] = [end.usage for end in ends]
    reason = ends[-1].reason
    return Finished(request_id=ask.request_id, reason=reason, usage=total(usages))
