"""One ask made into another: the questions that a flow's parts are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from configs.catalogue import ModelCard
from workers.client import Client

from .ask import TurnAsk
from .options import DIRECT, TurnOptions


def question_of(ask: TurnAsk) -> str:
    """Return what is asked."""
    return ask.path[-1].text


def first_card(client: Client, ask: TurnAsk) -> ModelCard:
    """Return the card of the model that the chat is with. Raises: UnknownModelError."""
    model = ask.options.model
    return client.models.get(model, "text") if model else client.card("text")


def with_question(ask: TurnAsk, text: str) -> TurnAsk:
    """Return the same chat with other words for its last question."""
    return replace(ask, path=(*ask.path[:-1], replace(ask.path[-1], text=text)))


def with_options(ask: TurnAsk, **options: Any) -> TurnAsk:
    """Return the same chat with other wishes, asked directly."""
    return replace(ask, options=ask.options.model_copy(update={"flow": DIRECT, **options}))


def of_a_part(ask: TurnAsk) -> TurnAsk:
    """Return the same chat for a question that is a part of the answer: bound to no schema.

    Without thoughts, unless somebody has asked for them; answered also where documents have nothing on it,
    for it is another question than the person's.
    """
    is_thinking = ask.options.is_thinking or False
    return with_options(ask, answer_schema=None, answers_anyway=True, is_thinking=is_thinking)


def alone(ask: TurnAsk, **sampling: Any) -> TurnAsk:
    """Return an ask of the same model that has none of the chat's wishes: for a part that speaks for itself.

    No documents, no tools, no thoughts; `sampling` in the place of the chat's.
    """
    options = TurnOptions(model=ask.options.model, system="", is_thinking=False, sampling=sampling)
    return replace(ask, options=options)
