"""Responses bodies → messages. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import cast

from api.core.thinking import ThinkingBody, thinking_of
from configs.catalogue import ModelCard
from workers.messages import ChatMessage, Constraint, Generate, Role, Tool, ToolCall
from workers.messages.errors import UnsupportedInputError
from workers.messages.sampling import sampling_for

from .schemas import Item, NamedTool, Part, ResponseRequest

_TEXTS = ("input_text", "output_text", "text")


def to_generate(body: ResponseRequest, earlier: Sequence[ChatMessage], card: ModelCard) -> Generate:
    """Return the request; `earlier` is the conversation that `previous_response_id` names."""
    given = {
        "temperature": body.temperature,
        "top_p": body.top_p,
        "max_tokens": body.max_output_tokens,
    }
    system = [ChatMessage(role="system", text=body.instructions)] if body.instructions else []
    choice, thinking = body.tool_choice, thinking_of(ThinkingBody(reasoning=body.reasoning))
    return Generate(
        messages=(*system, *earlier, *to_messages(body)),
        sampling=sampling_for(card, given, thinking),
        constraint=_constraint(body),
        tools=tuple(
            Tool(
                name=tool.name,
                description=tool.description or "",
                parameters=json.dumps(tool.parameters or {}),
            )
            for tool in body.tools
        ),
        tool_choice=choice.name if isinstance(choice, NamedTool) else choice,
        thinking=thinking,
        model=card.id,
    )


def to_messages(body: ResponseRequest) -> tuple[ChatMessage, ...]:
    """Return the conversation in the body itself. Raises: UnsupportedInputError."""
    if isinstance(body.input, str):
        return (ChatMessage(role="user", text=body.input),)
    return tuple(_message(item) for item in body.input if item.type != "reasoning")


def image_urls(body: ResponseRequest) -> list[str]:
    """Return the addresses of all pictures in the body, in order."""
    items = [] if isinstance(body.input, str) else body.input
    parts = [part for item in items if isinstance(item.content, list) for part in item.content]
    return [_address(part) for part in parts if part.type == "input_image"]


def _address(part: Part) -> str:
    if not part.image_url:
        raise UnsupportedInputError("An input_image part has no image_url.")
    return part.image_url


def _message(item: Item) -> ChatMessage:
    if item.type == "function_call":
        call = ToolCall(call_id=item.call_id, name=item.name, arguments=item.arguments)
        return ChatMessage(role="assistant", text="", tool_calls=(call,))
    if item.type == "function_call_output":
        return ChatMessage(role="tool", text=_text(item.output), tool_call_id=item.call_id)
    if item.type != "message":
        raise UnsupportedInputError(
            f"The input has an item of type {item.type!r}; "
            "message, function_call and function_call_output are understood."
        )
    role = item.role.lower()
    return ChatMessage(
        role=cast(Role, "system" if role == "developer" else role), text=_text(item.content)
    )


def _text(content: str | list[Part]) -> str:
    if isinstance(content, str):
        return content
    for part in content:
        if part.type not in (*_TEXTS, "input_image"):
            raise UnsupportedInputError(
                f"A message has a part of type {part.type!r}; "
                "input_text, output_text and input_image are understood."
            )
    return "\n".join(part.text for part in content if part.type in _TEXTS)


def _constraint(body: ResponseRequest) -> Constraint | None:
    form = body.text.format
    if form.type == "json_object":
        return Constraint(kind="json")
    if form.type == "json_schema":
        return Constraint(kind="schema", text=json.dumps(form.json_schema))
    return None
