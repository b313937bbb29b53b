"""Events → the objects of the `openai` package, which Gai's and g4l's answers look like.

They are the package's own pydantic types, so that `.choices[0].message.content`, `.model_dump()`
and `.to_json()` are what callers know. The package is imported when the first answer is made.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workers.messages import Event, Finished, TextDelta, ToolCallDelta

from .results import chat_result

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletion, ChatCompletionChunk

FINISH_REASONS = {"cancelled": "stop"}
"""Where OpenAI has another word for ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What all objects of one answer have in common."""

    id: str
    model: str
    created: int = field(default_factory=lambda: int(time.time()))
    """Seconds since 1970."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Fields beyond OpenAI's."""

    def around(self, kind: str, choice: Mapping[str, Any]) -> dict[str, Any]:
        """Return the object's fields around its one choice."""
        own = {"id": self.id, "object": kind, "created": self.created, "model": self.model}
        return {**own, **self.extra, "choices": [{"index": 0, "logprobs": None, **choice}]}


def completion(events: Iterable[Event], frame: Frame) -> ChatCompletion:
    """Return the whole answer."""
    from openai.types.chat import ChatCompletion

    result = chat_result(tuple(events))
    calls = [
        {
            "id": call.call_id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for call in result.tool_calls
    ]
    message = {
        "role": "assistant",
        "content": None if calls and not result.text else result.text,
        "tool_calls": calls or None,
        "function_call": None,
    }
    usage = {
        "prompt_tokens": result.usage.prompt_tokens,
        "completion_tokens": result.usage.completion_tokens,
        "total_tokens": result.usage.prompt_tokens + result.usage.completion_tokens,
    }
    reason = FINISH_REASONS.get(result.finish_reason, result.finish_reason)
    choice = {"message": message, "finish_reason": reason}
    return ChatCompletion.model_validate(
        {**frame.around("chat.completion", choice), "usage": usage}
    )


def chunks(
    events: Iterable[Event], frame: Frame, *, has_role: bool = True
) -> Iterator[ChatCompletionChunk]:
    """Yield the answer piece by piece; the last chunk has the finish reason and no content.

    With `has_role`, a chunk with the role and an empty content comes first.
    """
    if has_role:
        yield _chunk(frame, {"role": "assistant", "content": ""})
    for event in events:
        if isinstance(event, TextDelta):
            yield _chunk(frame, {"content": event.text})
        elif isinstance(event, ToolCallDelta):
            yield _chunk(frame, {"tool_calls": [_call(event)]})
        elif isinstance(event, Finished):
            reason = FINISH_REASONS.get(event.reason, event.reason)
            yield _chunk(frame, {"content": None}, reason)


def _chunk(frame: Frame, delta: dict[str, Any], reason: str | None = None) -> ChatCompletionChunk:
    from openai.types.chat import ChatCompletionChunk

    choice = {"delta": delta, "finish_reason": reason}
    return ChatCompletionChunk.model_validate(frame.around("chat.completion.chunk", choice))


def _call(event: ToolCallDelta) -> dict[str, Any]:
    function: dict[str, str | None] = {"name": event.name or None, "arguments": event.arguments}
    kind = "function" if event.call_id else None
    return {
        "index": event.index,
        "id": event.call_id or None,
        "type": kind,
        "function": function,
    }
