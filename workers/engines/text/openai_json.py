"""Conversations, tools and streamed choices in OpenAI's JSON, which every server here speaks.

Pure functions; what only one server knows is in `llamacpp_json` and `remote`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from workers.messages import ChatMessage, TokenLogprob, Tool, ToolCall

from .engine import CallDelta, Delta, Piece, Thought

Json = dict[str, Any]


def message_json(message: ChatMessage) -> Json:
    """Return one turn."""
    body: Json = {"role": message.role, "content": message.text}
    if message.tool_calls:
        body["tool_calls"] = [_call(call) for call in message.tool_calls]
    if message.tool_call_id:
        body["tool_call_id"] = message.tool_call_id
    return body


def _call(call: ToolCall) -> Json:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.call_id, "type": "function", "function": function}


def tool_json(tool: Tool) -> Json:
    """Return one tool. Raises: ValueError if its schema is no JSON."""
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": json.loads(tool.parameters),
    }
    return {"type": "function", "function": function}


def pieces_of_choice(choice: Json) -> Iterator[Piece]:
    """Yield what one choice of a streamed chunk adds, of the chat or the completion route."""
    delta = choice.get("delta", {})
    if thought := delta.get("reasoning_content") or delta.get("reasoning"):
        yield Thought(text=thought)
    text = delta.get("content") or choice.get("text")
    tokens = (choice.get("logprobs") or {}).get("content") or []
    if text or tokens:
        yield Delta(text=text or "", logprobs=tuple(_logprob(token) for token in tokens))
    for call in delta.get("tool_calls") or []:
        function = call.get("function", {})
        yield CallDelta(
            index=call.get("index", 0),
            call_id=call.get("id") or "",
            name=function.get("name") or "",
            arguments=function.get("arguments") or "",
        )


def _logprob(token: Json) -> TokenLogprob:
    return TokenLogprob(
        token=token["token"],
        logprob=token["logprob"],
        top=tuple((other["token"], other["logprob"]) for other in token.get("top_logprobs", [])),
    )
