"""Tool calls for any engine: what to show the model, what to enforce, what to hear in its answer.

Small models write a call as plain JSON, with or without the tags or fences that their template asks
for; `hear_calls` takes it for a call only if it is whole and names a known tool.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

from workers.messages import ChatMessage, Constraint, Generate, Tool, ToolCall
from workers.messages.errors import UnsupportedInputError

from .engine import CallDelta, Completion, Delta, Piece
from .schemas import read_schema

MAX_TOOLS = 128
"""OpenAI's limit too. Each is checked, shown to the model, and enforced token by token: with 1,000 one
request holds its slot for half a minute before it says a word."""

INSTRUCTION = """You may call functions. They are listed here as JSON schemas, one in a line:
{tools}
To call one, answer with nothing but JSON: {{"name": "the function", "arguments": {{…}}}}"""
"""For models whose chat template does not know about tools."""

MAX_NAMES = 16
"""Of tools, in a sentence."""
_OPENINGS = ("{", "[", "```", "<tool_call>", "<|tool_call|>", "functools[")
"""How the answer begins if it is a call; anything else is text and is passed on at once. The last two are
Phi-4 mini's."""
_WRAPPING = re.compile(r"</?tool_call>|<\|/?tool_call\|>|```(?:json)?|^\s*functools(?=\[)")


def check_tools(request: Generate) -> None:
    """Raises: UnsupportedInputError for too many, for a schema that is none, for an odd choice."""
    if len(request.tools) > MAX_TOOLS:
        raise UnsupportedInputError(
            f"{len(request.tools):,} tools were sent; at most {MAX_TOOLS} can be offered at once.",
            "Send those that this turn may need.",
        )
    for tool in request.tools:
        read_schema(tool.parameters, f"The schema of tool {tool.name!r}")
    names = [tool.name for tool in request.tools]
    if request.tool_choice not in ("auto", "none", "required", *names):
        raise UnsupportedInputError(
            f"tool_choice is {request.tool_choice!r}; the tools are: {_some(names)}."
        )
    if request.tool_choice == "required" and not names:
        raise UnsupportedInputError("tool_choice is 'required', but there are no tools.")


def prepare(request: Generate, *, is_shown: bool) -> Generate:
    """Return the request as an engine without tool calling of its own can serve it.

    `is_shown`: the model's template lists the tools by itself; otherwise a system message does. A
    choice that must be obeyed becomes a constraint on the whole answer. The schemas have been checked:
    see `check_tools`.
    """
    if not request.tools or request.tool_choice == "none":
        turns = request.messages if is_shown else tuple(map(_in_words, request.messages))
        return replace(request, tools=(), messages=turns)
    choice = request.tool_choice
    if choice != "auto":
        chosen = [tool for tool in request.tools if choice in ("required", tool.name)]
        request = replace(request, constraint=_constraint(chosen), tool_choice="none")
    return request if is_shown else replace(request, messages=_described(request), tools=())


def hear_calls(
    pieces: Generator[Piece, None, None], tools: Sequence[Tool]
) -> Generator[Piece, None, None]:
    """Yield the pieces with the calls in them as CallDeltas; text that is none is not delayed."""
    names = {tool.name for tool in tools}
    held: list[Delta] = []
    is_text = False
    with closing(pieces):
        for piece in pieces:
            if isinstance(piece, Delta) and not is_text:
                held.append(piece)
                if not _may_be_call("".join(delta.text for delta in held)):
                    is_text = True
                    yield from _released(held)
            elif isinstance(piece, Completion) and held:
                calls = _calls("".join(delta.text for delta in held), names)
                yield from _call_pieces(calls) if calls else held
                yield replace(piece, reason="tool_calls") if calls else piece
            else:
                yield piece


def _released(held: list[Delta]) -> Iterable[Delta]:
    released = list(held)
    held.clear()
    return released


def _may_be_call(text: str) -> bool:
    start = text.lstrip()
    return any(start.startswith(opening) or opening.startswith(start) for opening in _OPENINGS)


def _calls(text: str, names: set[str]) -> list[tuple[str, str]]:
    """Return (name, arguments as JSON text) of each call; none if anything else is in the text."""
    decoder, rest, found = json.JSONDecoder(), _WRAPPING.sub("", text).strip(), []
    while rest:
        try:
            value, end = decoder.raw_decode(rest)
        except ValueError:
            return []
        found += value if isinstance(value, list) else [value]
        rest = rest[end:].lstrip().lstrip(",;").lstrip()
    if not all(isinstance(call, dict) and call.get("name") in names for call in found):
        return []
    return [(call["name"], _arguments(call)) for call in found]


def _arguments(call: dict[str, Any]) -> str:
    arguments = call.get("arguments", call.get("parameters", {}))
    return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)


def _call_pieces(calls: list[tuple[str, str]]) -> Iterable[CallDelta]:
    for index, (name, arguments) in enumerate(calls):
        yield CallDelta(index=index, call_id=f"call_{uuid.uuid4()}", name=name)
        yield CallDelta(index=index, arguments=arguments)


def _schema(tool: Tool) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(tool.parameters)
    return schema


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MAX_NAMES])
    return f"{shown} … ({len(names)} in all)" if len(names) > MAX_NAMES else shown or "none"


def _constraint(tools: Sequence[Tool]) -> Constraint:
    calls = [
        {
            "type": "object",
            "properties": {
                "name": {"const": tool.name},
                "arguments": _schema(tool) or {"type": "object"},
            },
            "required": ["name", "arguments"],
            "additionalProperties": False,
        }
        for tool in tools
    ]
    return Constraint(
        kind="schema", text=json.dumps(calls[0] if len(calls) == 1 else {"anyOf": calls})
    )


def _described(request: Generate) -> tuple[ChatMessage, ...]:
    """The conversation with tools, calls and their results as plain words."""
    listed = "\n".join(
        json.dumps(
            {"name": tool.name, "description": tool.description, "parameters": _schema(tool)},
            ensure_ascii=False,
        )
        for tool in request.tools
    )
    system = ChatMessage(role="system", text=INSTRUCTION.format(tools=listed))
    return (system, *(_in_words(message) for message in request.messages))


def _in_words(message: ChatMessage) -> ChatMessage:
    if message.role == "tool":
        return ChatMessage(role="user", text=f"The function answered: {message.text}")
    if not message.tool_calls:
        return message
    calls = [_as_json(call) for call in message.tool_calls]
    return ChatMessage(role=message.role, text="\n".join([message.text, *calls]).strip())


def _as_json(call: ToolCall) -> str:
    return f'{{"name": {json.dumps(call.name)}, "arguments": {call.arguments or "{}"}}}'
