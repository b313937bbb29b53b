"""Geniusrise's bodies ⇄ messages, by way of OpenAI's. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from api.core.completions import convert
from api.core.completions.schemas import ChatRequest, CompletionRequest, Message
from configs.catalogue import ModelCard
from workers.messages import Event, Generate, TextDelta
from workers.messages.errors import UnsupportedInputError
from workers.messages.folds import text_of

from .schemas import NEUTRAL, ChatBody, PlainBody, VllmChat

Json = dict[str, Any]


def check(body: ChatRequest | CompletionRequest) -> None:
    """Raises: UnsupportedInputError naming a key whose value would be without effect."""
    for name in NEUTRAL:
        field = type(body).model_fields.get(name)
        if field is not None and getattr(body, name) != field.default:
            raise UnsupportedInputError(
                f"{name} is {getattr(body, name)!r}, but only {field.default!r} is possible here.",
                "Leave it out.",
            )
    if isinstance(body, ChatRequest) and convert.image_urls(body.messages):
        raise UnsupportedInputError(
            "This route takes text alone.", "Send pictures to /v1/chat/completions."
        )
    is_framed = isinstance(body, PlainBody) and (body.echo or body.suffix)
    if body.stream and (is_framed or num_written(body) > body.n):
        raise UnsupportedInputError(
            "echo, suffix and best_of need the whole answer.", "Leave out stream."
        )


def to_chat(body: ChatBody, card: ModelCard) -> Generate:
    """Return the one question, after the system's words."""
    turns = [Message(role="user", content=body.user_prompt)]
    if body.system_prompt:
        turns.insert(0, Message(role="system", content=body.system_prompt))
    given = {name: getattr(body, name) for name in type(body).model_fields}
    names = set(ChatRequest.model_fields) & set(given)
    request = ChatRequest(messages=turns).model_copy(update={name: given[name] for name in names})
    return convert.to_generate(request, card)


def to_generate(body: ChatRequest, card: ModelCard) -> Generate:
    """Return the conversation in roles that a template understands; see `as_spoken`."""
    spoken = body.model_copy(update={"messages": as_spoken(body.messages)})
    request = convert.to_generate(spoken, card)
    if num_written(body) > body.n and request.sampling.num_logprobs is None:
        return replace(request, sampling=replace(request.sampling, num_logprobs=0))
    return request


def as_spoken(turns: Sequence[Message]) -> list[Message]:
    """Return the turns with the bot's, which Geniusrise's page sends as `system`, as `assistant`.

    Those are the ones between two of the user's; before and after, `system` means what it says.
    """
    users = [place for place, turn in enumerate(turns) if turn.role.lower() == "user"]
    between = range(users[0], users[-1]) if users else range(0)
    return [
        turn.model_copy(update={"role": "assistant"})
        if place in between and turn.role.lower() == "system"
        else turn
        for place, turn in enumerate(turns)
    ]


def num_written(body: ChatRequest | CompletionRequest) -> int:
    """Return how many answers the model writes: `n`, or more to choose from."""
    best_of = body.best_of if isinstance(body, VllmChat) else None
    return max(body.n, best_of or 0)


def likeliest(choices: list[list[Event]], body: ChatRequest) -> list[list[Event]]:
    """Return the `n` answers with the highest sum of logprobs, if more were written."""
    if len(choices) <= body.n:
        return choices
    ranked = sorted(choices, key=_logprob, reverse=True)[: body.n]
    return ranked if body.logprobs else [[_plain(event) for event in events] for events in ranked]


def _logprob(events: Sequence[Event]) -> float:
    deltas = (event for event in events if isinstance(event, TextDelta))
    return sum(token.logprob for delta in deltas for token in delta.logprobs)


def _plain(event: Event) -> Event:
    return replace(event, logprobs=()) if isinstance(event, TextDelta) else event


def opening(body: ChatRequest) -> Json:
    """Return how the assistant's message begins: its role, and what `echo` repeats."""
    if not isinstance(body, VllmChat):
        return {"role": "assistant", "content": ""}
    last = body.messages[-1]
    is_echoed = body.echo and last.role == body.response_role and isinstance(last.content, str)
    return {"role": body.response_role, "content": last.content if is_echoed else ""}


def opened(answer: Json, body: ChatRequest) -> Json:
    """Return a whole answer with `opening` in front of each choice."""
    begin = opening(body)
    for choice in answer["choices"]:
        message = choice["message"]
        message["role"] = begin["role"]
        if begin["content"]:
            message["content"] = begin["content"] + (message["content"] or "")
    return answer


def result(body: ChatBody, choices: Sequence[Sequence[Event]]) -> Json:
    """Return the answer of /chat."""
    return {
        "user_prompt": body.user_prompt,
        "system_prompt": body.system_prompt,
        "result": [{"text": text_of(events), "score": None} for events in choices],
    }


def error_body(status: int, message: str) -> Json:
    """Return an error as Geniusrise says it."""
    return {"status": f"{status} {HTTPStatus(status).phrase}", "message": message}
