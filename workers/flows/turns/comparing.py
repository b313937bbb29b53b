"""Two models answer the same question; a person says which answer is better.

They answer one after the other: one text model is in memory at a time, and each is to be as fast as it
can. The conversation goes on with the answer that was voted for; until then, with the first.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from configs.catalogue import ModelCard
from workers.chats.own_chats import OwnChats
from workers.client import Client
from workers.flows.receipt import Receipt
from workers.messages import Event, TextDelta
from workers.messages.errors import AppError, UnsupportedInputError

from .ask import TurnAsk
from .asking import first_card, with_options
from .direct import answer_directly
from .events import Noted, Rewritten
from .parts import FlowRun, FlowStep

ONE_BY_ONE = (
    "{first} and {second} answer one after the other: one text model is in memory at a time."
)


async def answer_compared(client: Client, ask: TurnAsk) -> AsyncGenerator[Event, None]:
    """Yield the answers of two models, the first as the words of the whole, and one Finished.

    A model that fails leaves the other's answer as the whole. Raises: AppError if both fail, or a card
    is unknown.
    """
    run = _Comparing(client, ask)
    async with aclosing(run.events()) as events:
        async for event in events:
            yield event


def other_card(client: Client, ask: TurnAsk) -> ModelCard:
    """Return the card whose answer is put beside the first one's.

    Raises: UnknownModelError; UnsupportedInputError if there is only one model.
    """
    first = first_card(client, ask)
    if ask.options.other:
        return client.models.get(ask.options.other, "text")
    local = [card for card in client.models.all("text") if not card.is_remote]
    others = [card for card in local if card.id != first.id]
    if not others:
        raise UnsupportedInputError(
            f"{first.id} is the only text model that is here: there is nothing to compare it with.",
            "Download another one, or name a remote one: other.",
        )
    return others[0]


def vote(own: OwnChats, message: int, better: int) -> None:
    """Keep which answer of a comparison is better (from 0): the conversation goes on with it.

    Raises: NotFoundError; UnsupportedInputError if there is no such answer, or it is still written.
    """
    kept = own.message(message)
    answers = list(kept.details.get("answers", ()))
    if kept.state == "running":
        raise UnsupportedInputError("The answers are still being written.", "Vote when they are.")
    if not 0 <= better < len(answers):
        raise UnsupportedInputError(f"This message has no answer {better + 1} to vote for.")
    chosen = answers[better]
    details = {**kept.details, "vote": better, "model": chosen["model"]}
    own.end_answer(replace(kept, text=chosen["text"], details=details))


class _Comparing:
    """One run of the flow."""

    def __init__(self, client: Client, ask: TurnAsk) -> None:
        self._client, self._ask = client, ask
        self._run = FlowRun("compare", "answers")
        first, second = first_card(client, ask), other_card(client, ask)
        self._answers = [self._answer(card) for card in (first, second)]
        if first.id != second.id:
            self._run.remark(ONE_BY_ONE.format(first=first.name, second=second.name))

    def _answer(self, card: ModelCard) -> FlowStep:
        return self._run.add(card.name, card.id)

    async def events(self) -> AsyncGenerator[Event, None]:
        run = self._run
        errors: list[AppError] = []
        for answer in self._answers:
            if run.is_stopped:
                answer.state = "stopped"
                yield run.remark(f"Stopped before {answer.title} answered.")
                break
            is_first = answer is self._answers[0]
            try:
                async for event in self._take(answer, is_whole=is_first):
                    yield event
            except AppError as err:
                errors.append(err)
        first, second = self._answers
        if len(errors) == len(self._answers):
            raise errors[0]
        if first.state == "failed" and second.text:
            kind = Rewritten if first.text else TextDelta
            yield kind(request_id="", text=second.text)
            yield run.noted(model=second.model)
        yield run.end()

    async def _take(self, answer: FlowStep, *, is_whole: bool) -> AsyncGenerator[Event, None]:
        answer.receipt = Receipt()
        options = with_options(self._ask, model=answer.model)
        events = answer_directly(self._client, options)
        async for event in self._run.take(answer, events, is_answer=is_whole):
            is_aside = isinstance(event, Noted) and "answers" not in event.details
            if is_whole or not is_aside:  # what the first has found and called stands for the whole
                yield event
