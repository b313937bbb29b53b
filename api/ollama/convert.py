"""Ollama's conversations → messages. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import cast, get_args

from configs.catalogue import ModelCard
from workers.messages import ChatMessage, Constraint, Generate, Role, Thinking, Tool, ToolCall
from workers.messages.errors import UnsupportedInputError

from .durations import seconds_of
from .options import sampling_of
from .schemas import Asked, Call, ChatBody, Message, ToolBody

ROLES = get_args(Role)
LEAST_TO_KEEP = 0.95
"""Of the room that a conversation has when its oldest turns are left out: tokens are not all alike."""


def to_chat(body: ChatBody, card: ModelCard) -> Generate:
    """Return the request. Raises: UnsupportedInputError for what this model or nobody can do."""
    return to_generate(body, card, to_messages(body.messages))


def to_generate(body: Asked, card: ModelCard, messages: Sequence[ChatMessage]) -> Generate:
    """Return the request for a conversation with the keys that both routes share."""
    thinking = to_thinking(body, card)
    sampling = sampling_of(body.options, card, thinking)
    if body.logprobs:
        sampling = replace(sampling, num_logprobs=body.top_logprobs)
    return Generate(
        messages=tuple(messages),
        sampling=sampling,
        constraint=to_constraint(body),
        tools=tuple(_tool(tool) for tool in body.tools),
        thinking=thinking,
        model=card.id,
        keep_s=seconds_of(body.keep_alive),
    )


def to_thinking(body: Asked, card: ModelCard) -> Thinking:
    """Return the wish to think. Raises: UnsupportedInputError if the model never does."""
    if body.think is None or body.think is False:
        return Thinking(is_on=body.think)
    if card.thinks == "never" or card.modality != "text":
        raise UnsupportedInputError(f"{body.model!r} does not support thinking.")
    return Thinking(is_on=True, effort=body.think if isinstance(body.think, str) else "")


def to_constraint(body: Asked) -> Constraint | None:
    """Return what the answer must match."""
    if not body.format:
        return None
    if isinstance(body.format, dict):
        return Constraint(kind="schema", text=json.dumps(body.format))
    return Constraint(kind="json")


def to_messages(turns: Sequence[Message]) -> list[ChatMessage]:
    """Return the conversation. What a tool's turn answers is found by its id, its name, or its place."""
    messages: list[ChatMessage] = []
    waiting: list[ToolCall] = []
    for number, turn in enumerate(turns):
        role = turn.role.lower()
        if role not in ROLES:
            raise UnsupportedInputError(
                f"A message has the role {turn.role!r}; known: {', '.join(ROLES)}."
            )
        if role == "assistant":
            waiting = [_call(call, number, place) for place, call in enumerate(turn.tool_calls)]
        answers = _take(waiting, turn) if role == "tool" else ""
        messages.append(
            ChatMessage(
                role=cast(Role, role),
                text=turn.content,
                tool_calls=tuple(waiting) if role == "assistant" else (),
                tool_call_id=answers,
            )
        )
    return messages


def image_urls(images: Iterable[str]) -> list[str]:
    """Return pictures in base64 as `data:` URIs; those that are some stay."""
    return [
        image if image.lower().startswith("data:") else f"data:;base64,{image}" for image in images
    ]


def without_oldest(request: Generate, num_tokens: int, max_tokens: int) -> Generate | None:
    """Return a conversation that was too long, less its oldest turns; None if it cannot be shorter.

    What the system says and the last question with all that follows it stay. `num_tokens`: of the
    conversation, 0 if nobody counted; `max_tokens`: what the model holds, 0 if unknown.
    """
    turns = [message for message in request.messages if message.role != "system"]
    starts = [place for place, turn in enumerate(turns) if turn.role == "user" and place > 0]
    if not starts:
        return None
    share = LEAST_TO_KEEP * max_tokens / num_tokens if num_tokens and max_tokens else 0.5
    room = share * sum(len(turn.text) for turn in turns)
    fitting = [s for s in starts if sum(len(turn.text) for turn in turns[s:]) <= room]
    kept = turns[(fitting or starts[-1:])[0] :]
    system = [message for message in request.messages if message.role == "system"]
    return replace(request, messages=(*system, *kept))


def _tool(tool: ToolBody) -> Tool:
    function = tool.function
    return Tool(
        name=function.name,
        description=function.description,
        parameters=json.dumps(function.parameters),
    )


def _call(call: Call, turn: int, place: int) -> ToolCall:
    return ToolCall(
        call_id=call.id or f"call_{turn}_{place}",
        name=call.function.name,
        arguments=json.dumps(call.function.arguments),
    )


def _take(waiting: list[ToolCall], turn: Message) -> str:
    """Return the id of the call that a tool's turn answers, and take it from those that wait."""
    by_id = [call for call in waiting if turn.tool_call_id == call.call_id]
    by_name = [call for call in waiting if turn.tool_name == call.name]
    found = next(iter(by_id or by_name or waiting), None)
    if found is None:
        return turn.tool_call_id
    waiting.remove(found)
    return found.call_id
