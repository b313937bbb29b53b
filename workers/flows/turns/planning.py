"""Plan a task, solve each step alone, put the answers together: for models that lose the thread."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from workers.client import Client
from workers.messages import Event, TextDelta
from workers.messages.errors import AppError

from .ask import TurnAsk
from .asking import first_card, of_a_part, question_of, with_options, with_question
from .direct import answer_directly
from .items import items_of
from .part_sources import PartSources
from .parts import FlowRun, FlowStep

MAX_STEPS = 12
"""A plan asked to be short; a model that writes a hundred steps has lost its way."""
PLAN = (
    "{task}\n\nDo not solve this yet. Write a plan for it: a short markdown list of steps that do "
    "not depend on each other, one line each, and nothing else."
)
STEP = "{task}\n\nDo only this one step of it, and nothing else: {step}"
HEAD = "# Plan\n\n---\n\n{plan}\n\n# Solutions\n\n---\n\n"
NEXT = "\n\n# Next\n\n---\n\n"
FAILED = "*This step failed: {error}*"
NO_SCHEMA = "A plan's answer is Markdown: the JSON schema was not followed."
MAX_TITLE_CHARS = 120


async def answer_planned(client: Client, ask: TurnAsk) -> AsyncGenerator[Event, None]:
    """Yield the plan and each step of it as steps, the answer as it grows by them, and one Finished.

    A plan without a list is answered directly, and says so. A step that fails is said in its place.
    Raises: AppError if the plan fails, or all of its steps.
    """
    run = _Planning(client, ask)
    async with aclosing(run.events()) as events:
        async for event in events:
            yield event


class _Planning:
    """One run of the flow."""

    def __init__(self, client: Client, ask: TurnAsk) -> None:
        self._client, self._ask = client, ask
        self._task = question_of(ask)
        self._run = FlowRun("plan")
        self._model = first_card(client, ask).id
        self._plan = self._run.add("Plan", self._model)
        self._errors: list[AppError] = []
        self._sources = PartSources()

    async def events(self) -> AsyncGenerator[Event, None]:
        run = self._run
        if self._ask.options.answer_schema:
            yield run.remark(NO_SCHEMA)
        async for event in run.take(self._plan, self._write_plan()):
            yield event
        found = items_of(self._plan.text)
        if run.is_stopped:
            yield run.remark("Stopped while the plan was written.")
            yield TextDelta(request_id="", text=self._plan.text)
        elif not found:
            async for event in self._answer_at_once():
                yield event
        else:
            async for event in self._solve(found):
                yield event
        yield run.end()

    async def _answer_at_once(self) -> AsyncGenerator[Event, None]:
        yield self._run.remark("The plan has no list of steps: the task was answered directly.")
        step = self._run.add("Answer", self._model)
        plain = with_options(self._ask)
        async for event in self._run.take(
            step, answer_directly(self._client, plain), is_answer=True
        ):
            yield event
        step.text = step.thought = ""  # they are the answer's: kept once
        yield self._run.noted()

    async def _solve(self, found: tuple[str, ...]) -> AsyncGenerator[Event, None]:
        run = self._run
        items = found[:MAX_STEPS]
        steps = [run.add(_title(item), self._model) for item in items]
        if len(found) > MAX_STEPS:
            dropped = len(found) - MAX_STEPS
            yield run.remark(
                f"The plan has {len(found)} steps; the first {MAX_STEPS} were solved, "
                f"{dropped} left out."
            )
        yield TextDelta(request_id="", text=HEAD.format(plan=self._plan.text.strip()))
        for number, (item, step) in enumerate(zip(items, steps, strict=True)):
            async for event in self._solve_one(item, step):
                yield event
            if solution := _solution(step):
                yield TextDelta(request_id="", text=f"{NEXT if number else ''}{solution}")
            if run.is_stopped:
                for left in steps[number + 1 :]:
                    left.state = "stopped"
                yield run.remark(f"Stopped at step {number + 1} of {len(steps)}.")
                return
        if len(self._errors) == len(steps):
            raise self._errors[-1]

    async def _solve_one(self, item: str, step: FlowStep) -> AsyncGenerator[Event, None]:
        words = self._say(STEP.format(task=self._task, step=item))
        try:
            async for event in self._run.take(step, words):
                yield event
        except AppError as err:  # the steps do not depend on each other
            self._errors.append(err)

    def _write_plan(self) -> AsyncGenerator[Event, None]:
        asked = with_question(self._ask, PLAN.format(task=self._task))
        return answer_directly(
            self._client, with_options(of_a_part(asked), tools=(), collections=())
        )

    def _say(self, text: str) -> AsyncGenerator[Event, None]:
        """A step that the documents know nothing of is solved all the same."""
        asked = with_options(of_a_part(with_question(self._ask, text)), answers_anyway=True)
        return self._sources.of(answer_directly(self._client, asked))


def _solution(step: FlowStep) -> str:
    failure = FAILED.format(error=step.note) if step.state == "failed" else ""
    return "\n\n".join(part for part in (step.text.strip(), failure) if part)


def _title(item: str) -> str:
    return item if len(item) <= MAX_TITLE_CHARS else f"{item[: MAX_TITLE_CHARS - 1].rstrip()}…"
