"""Flows over HTTP: a body's `quintet` object, or a model named `flow/…`, and what the answer says of it.

The same for every dialect: a body is read into a `Generate` as ever, which is then asked by a way of
`workers.flows.turns.ways`. What a flow adds is one object, `quintet`, in the answer.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, fields
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from configs.catalogue import ModelCard
from workers.client import Client
from workers.flows.turns.ask import TurnAsk
from workers.flows.turns.events import Noted
from workers.flows.turns.of_messages import ask_of_messages
from workers.flows.turns.options import DIRECT, TurnOptions
from workers.flows.turns.reporting import report_of, reported
from workers.flows.turns.ways import WAYS, way_of
from workers.messages import (
    Describe,
    Event,
    Generate,
    SamplingParams,
)
from workers.messages.errors import UnsupportedInputError
from workers.messages.sampling import sampling_for

PREFIX = "flow/"
"""Of models that are flows."""
LATEST = ":latest"
"""The tag that Ollama's clients put behind a name that has none."""

Json = dict[str, Any]


class FlowWish(BaseModel):
    """The `quintet` object of a body."""

    model_config = ConfigDict(extra="forbid")

    persona: str | None = None
    """Id of the persona that is asked, at `/v1/chat/completions`."""
    flow: str | None = None
    """direct, route, plan, compare, article."""
    model: str | None = None
    """Of a model named `flow/…`: the one that answers first; null: the default text model."""
    stronger: str | None = None
    """For route: the model that is asked where the first finds its answer bad."""
    other: str | None = None
    """For compare: the second model."""
    collections: list[str] = Field(default=[], max_length=32)
    """For article: the documents that it is written from."""
    style: str = Field(default="", max_length=2_000)
    """For article: how it is written."""


class FlowBody(BaseModel):
    """What a body that can ask for a flow has besides its dialect's keys."""

    quintet: FlowWish | None = None


class HasFlow(Protocol):
    """A body that can ask for a flow."""

    quintet: FlowWish | None
    stream: bool

    @property
    def model(self) -> str | None:
        """As the client names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowQuestion:
    """A conversation that a flow is to answer."""

    request_id: str
    model: str
    """Id of the card that answers first."""
    ask: TurnAsk
    is_streamed: bool


def named_flow(model: str | None) -> str | None:
    """Return the flow that a model's name asks for; None: it is a model."""
    if model is None or not model.startswith(PREFIX):
        return None
    return model.removeprefix(PREFIX).removesuffix(LATEST)


def model_of(body: HasFlow) -> str | None:
    """Return the model that a body means to answer, or to answer first; None: the default."""
    if named_flow(body.model) is None:
        return body.model
    return body.quintet.model if body.quintet else None


def in_flow(
    question: Generate | Describe, body: HasFlow, card: ModelCard, num_choices: int = 1
) -> Generate | Describe | FlowQuestion:
    """Return the question for the flow that the body asks for; as it is if it asks for none.

    Raises: UnsupportedInputError for an unknown flow, and for what no flow can do.
    """
    wish = body.quintet or FlowWish()
    if wish.persona is not None:  # where one can be asked, it has been put in by now
        raise UnsupportedInputError(
            "quintet.persona is not known at this route.",
            "Personas are asked at /v1/chat/completions.",
        )
    flow = _flow_of(body.model, wish)
    if flow == DIRECT:
        return question
    if not isinstance(question, Generate):
        raise UnsupportedInputError(f"The flow {flow} answers no questions about pictures.")
    _check(question, flow, num_choices)
    thinking = question.thinking
    options = TurnOptions(
        flow=flow,
        model=card.id,
        sampling=_given(question.sampling, sampling_for(card, {}, thinking)),
        is_thinking=thinking.is_on,
        thinking_tokens=thinking.max_tokens,
        stronger=wish.stronger,
        other=wish.other,
        collections=tuple(wish.collections),
        style=wish.style,
    )
    way_of(options)
    return FlowQuestion(
        request_id=question.request_id,
        model=card.id,
        ask=ask_of_messages(question.messages, options),
        is_streamed=body.stream,
    )


def answer_in_flow(client: Client, question: FlowQuestion) -> AsyncGenerator[Event, None]:
    """Return a flow's events as a dialect can say them: words, `Noted`, one Finished."""
    way = way_of(question.ask.options)
    return reported(way(client, question.ask), is_streamed=question.is_streamed)


def quintet_of(events: Iterable[Event]) -> Json:
    """Return what a flow adds to an answer: `{"quintet": …}`, or nothing."""
    last: Json = {}
    for event in events:
        last = flow_object(event) or last
    return last


def flow_object(event: Event) -> Json:
    """Return what one event says of a flow: `{"quintet": …}`, or nothing."""
    return {"quintet": report_of(event.details)} if isinstance(event, Noted) else {}


def _flow_of(model: str | None, wish: FlowWish) -> str:
    named = named_flow(model)
    if named is not None and wish.flow is not None and named != wish.flow:
        raise UnsupportedInputError(
            f"The model {model!r} is one flow, quintet.flow {wish.flow!r} another.", "Name one."
        )
    flow = named or wish.flow or DIRECT
    if flow not in WAYS:
        raise UnsupportedInputError(f"There is no flow {flow!r}.", f"There are: {', '.join(WAYS)}.")
    return flow


def _check(question: Generate, flow: str, num_choices: int) -> None:
    """Raises: UnsupportedInputError for keys that would not be followed."""
    wanted = {
        "tools": bool(question.tools),
        "a format that the answer is held to": question.constraint is not None,
        "logprobs": question.sampling.num_logprobs is not None,
        "several choices (n)": num_choices > 1,
    }
    refused = [name for name, is_wanted in wanted.items() if is_wanted]
    if refused:
        raise UnsupportedInputError(
            f"The flow {flow} cannot have {' or '.join(refused)}.",
            "Leave that out, or ask one model directly.",
        )


def _given(sampling: SamplingParams, own: SamplingParams) -> Json:
    """Return the fields of which the body said something else than the card."""
    names = [one.name for one in fields(SamplingParams)]
    pairs = {name: (getattr(sampling, name), getattr(own, name)) for name in names}
    return {name: wanted for name, (wanted, usual) in pairs.items() if wanted != usual}
