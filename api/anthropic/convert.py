"""Anthropic's bodies → messages. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, cast

from configs.catalogue import ModelCard
from workers.messages import ChatMessage, Generate, Role, Thinking, Tool, ToolCall
from workers.messages.errors import UnsupportedInputError
from workers.messages.sampling import sampling_for

from .schemas import Block, CountRequest, MessagesRequest, Source, ToolBody, Turn

_CHOICES = {"auto": "auto", "any": "required", "none": "none"}
_SAMPLING = ("temperature", "top_p", "top_k", "max_tokens")


def to_generate(body: CountRequest, card: ModelCard) -> Generate:
    """Return the request; a body that only counts tokens asks for one."""
    given: dict[str, Any] = {"max_tokens": 1}
    thinking = Thinking()
    if isinstance(body, MessagesRequest):
        thinking = _thinking(body)
        given = {name: getattr(body, name) for name in _SAMPLING} | {"stop": body.stop_sequences}
    system = [ChatMessage(role="system", text=_plain(body.system))] if body.system else []
    return Generate(
        messages=(*system, *(message for turn in body.messages for message in _messages(turn))),
        sampling=sampling_for(card, given, thinking),
        tools=tuple(_tool(tool) for tool in body.tools),
        tool_choice=_tool_choice(body),
        thinking=thinking,
        model=card.id,
    )


def _thinking(body: MessagesRequest) -> Thinking:
    """Off unless it is asked for. A budget comes beside `max_tokens`, which is the answer's alone then.

    Anthropic counts both within `max_tokens`; no engine here bounds the two together, and less for the
    answer would cut one that follows a short thought.
    """
    wish = body.thinking
    if wish is None or wish.type == "disabled" or wish.budget_tokens == 0:
        return Thinking(is_on=False)
    return Thinking(is_on=True, max_tokens=wish.budget_tokens)


def image_urls(body: CountRequest) -> list[str]:
    """Return the addresses of all pictures, in order; base64 ones as `data:` URIs."""
    return [_address(block.source) for block in _image_blocks(body.messages) if block.source]


def _image_blocks(turns: Sequence[Turn]) -> Iterator[Block]:
    for turn in turns:
        for block in _blocks(turn.content):
            if block.type == "image":
                yield block
            elif block.type == "tool_result":
                yield from (inner for inner in _blocks(block.content) if inner.type == "image")


def _address(source: Source) -> str:
    if source.type == "url":
        return source.url
    return f"data:{source.media_type};base64,{source.data}"


def _messages(turn: Turn) -> Iterator[ChatMessage]:
    """One message for the turn itself, one for each result of a tool in it."""
    blocks = _blocks(turn.content)
    for block in blocks:
        if block.type == "tool_result":
            text = _plain(block.content)
            yield ChatMessage(role="tool", text=text, tool_call_id=block.tool_use_id)
    calls = tuple(
        ToolCall(call_id=block.id, name=block.name, arguments=json.dumps(block.input))
        for block in blocks
        if block.type == "tool_use"
    )
    own = [block for block in blocks if block.type not in ("tool_result", "tool_use")]
    if own or calls:
        role = cast(Role, turn.role.lower())
        yield ChatMessage(role=role, text=_plain(own), tool_calls=calls)


def _plain(content: str | Sequence[Block] | None) -> str:
    """Return the text in a content; pictures are taken elsewhere, thoughts are left out."""
    texts = []
    for block in _blocks(content):
        if block.type == "text":
            texts.append(block.text)
        elif block.type not in ("image", "thinking", "redacted_thinking"):
            raise UnsupportedInputError(
                f"A message has a block of type {block.type!r}; "
                "text, image, tool_use and tool_result are understood."
            )
    return "\n".join(texts)


def _blocks(content: str | Sequence[Block] | None) -> Sequence[Block]:
    if content is None:
        return []
    return [Block(type="text", text=content)] if isinstance(content, str) else content


def _tool(tool: ToolBody) -> Tool:
    schema = json.dumps(tool.input_schema)
    return Tool(name=tool.name, description=tool.description or "", parameters=schema)


def _tool_choice(body: CountRequest) -> str:
    if body.tool_choice is None:
        return "auto"
    return _CHOICES.get(body.tool_choice.type) or body.tool_choice.name or "auto"
