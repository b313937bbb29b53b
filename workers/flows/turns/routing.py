"""Answer with the local model; ask a stronger one only where the first finds its answer bad.

The judge is the local model itself, and sees the question that it has just answered. Both answers are
shown where there are two; the conversation goes on with the better one alone.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from configs.catalogue import ModelCard
from workers.client import Client
from workers.messages import ChatMessage, Event, TextDelta, ThoughtDelta, Usage
from workers.messages.errors import AppError, UnsupportedInputError

from .ask import TurnAsk
from .asking import alone, first_card, question_of, with_options
from .direct import answer_directly
from .events import Rewritten
from .parts import FlowRun, FlowStep
from .saving import saved_by_not_asking
from .speaking import speak

JUDGE_TOKENS = 3
GOOD = "good quality"
"""What the judgement must contain, in any case, for the local answer to stand."""
NOT_GOOD = "not good quality"
FOUND = {True: "It finds it good.", False: "It finds it not good enough."}
JUDGE = (
    "Judge the answer to the question below. Reply with exactly two words: "
    "good quality if it is right and complete, bad quality if not.\n\n"
    "Question:\n{question}\n\nAnswer:\n{answer}"
)


async def answer_routed(client: Client, ask: TurnAsk) -> AsyncGenerator[Event, None]:
    """Yield the local answer and its judgement as steps, then the answer that stands, and one Finished.

    A stronger model that fails leaves the local answer standing, with a note.
    Raises: AppError if the local model fails, or a card is unknown.
    """
    run = _Routing(client, ask)
    async with aclosing(run.events()) as events:
        async for event in events:
            yield event


def stronger_card(client: Client, ask: TurnAsk) -> ModelCard:
    """Return the card that is asked second.

    Raises: UnknownModelError; UnsupportedInputError if nobody said which, and it is not plain.
    """
    first = first_card(client, ask)
    if ask.options.stronger:
        card = client.models.get(ask.options.stronger, "text")
    else:
        there = [card for card in client.models.all("text") if card.is_remote and card != first]
        if len(there) != 1:
            names = ", ".join(card.id for card in there) or "no remote model is set up"
            raise UnsupportedInputError(
                f"Which model is the stronger one is not said, and there is not just one: {names}.",
                "Name it: stronger.",
            )
        card = there[0]
    if card.id == first.id:
        raise UnsupportedInputError(
            f"{card.id} would answer first, and be asked again as the stronger model.",
            "Choose two different ones.",
        )
    return card


class _Routing:
    """One run of the flow."""

    def __init__(self, client: Client, ask: TurnAsk) -> None:
        self._client, self._ask = client, ask
        self._stronger = stronger_card(client, ask)
        self._run = FlowRun("route")
        local = first_card(client, ask)
        self._first = self._run.add(f"{local.name} answers", local.id)
        self._judging = self._run.add(f"{local.name} judges its answer", local.id)
        self._cost = Usage()

    async def events(self) -> AsyncGenerator[Event, None]:
        run, ask = self._run, self._ask
        async for event in run.take(self._first, answer_directly(self._client, ask)):
            yield event
        if not run.is_stopped:
            self._cost = run.last_usage
            async for event in self._judge():
                yield event
            if self._judging.state == "done":
                self._judging.note = FOUND[self._is_good]
                yield run.noted()
        if run.is_stopped:
            self._judging.state = "stopped"
            yield run.remark("Stopped before it was judged.")
        if run.is_stopped or self._judging.state == "failed" or self._is_good:
            async for event in self._stand():
                yield event
        else:
            async for event in self._ask_stronger():
                yield event
        yield run.end()

    @property
    def _is_good(self) -> bool:
        judgement = self._judging.text.lower()
        return GOOD in judgement and NOT_GOOD not in judgement

    async def _judge(self) -> AsyncGenerator[Event, None]:
        question, answer = question_of(self._ask), self._first.text
        asked = ChatMessage(role="user", text=JUDGE.format(question=question, answer=answer))
        sampling = {"temperature": 0.0, "max_tokens": JUDGE_TOKENS}
        events = speak(self._client, alone(self._ask, **sampling), (asked,))
        try:
            async for event in self._run.take(self._judging, events, is_aside=True):
                yield event
        except AppError as err:
            yield self._run.remark(f"The answer could not be judged, and stands: {err}")

    async def _stand(self) -> AsyncGenerator[Event, None]:
        """The local answer is the answer."""
        if self._first.thought:
            yield ThoughtDelta(request_id="", text=self._first.thought)
        yield TextDelta(request_id="", text=self._first.text)
        if self._judging.state == "done":
            yield self._run.noted(saved=saved_by_not_asking(self._stronger, self._cost))

    async def _ask_stronger(self) -> AsyncGenerator[Event, None]:
        run, card = self._run, self._stronger
        step = run.add(f"{card.name} answers", card.id)
        events = answer_directly(self._client, with_options(self._ask, model=card.id))
        try:
            async for event in run.take(step, events, is_answer=True):
                yield event
        except AppError as err:
            yield run.remark(f"{card.name} could not be asked, so the local answer stands: {err}")
            async for event in self._stand_in(step):
                yield event
            return
        if run.is_stopped and not step.text:
            yield run.remark(f"Stopped before {card.name} answered: the local answer stands.")
            yield TextDelta(request_id="", text=self._first.text)
            return
        step.text = step.thought = ""  # they are the answer's: kept once
        yield run.noted(model=card.id)

    async def _stand_in(self, step: FlowStep) -> AsyncGenerator[Event, None]:
        """The local answer takes the place of what has come of the other one, which stays in its step."""
        if step.text:
            yield Rewritten(request_id="", text=self._first.text)
        else:
            yield TextDelta(request_id="", text=self._first.text)
