"""Messages → Anthropic's objects: a whole message, and the events of a stream."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from api.core.flows import flow_object, quintet_of
from workers.messages import Event, Finished, TextDelta, ThoughtDelta, ToolCallDelta, Usage
from workers.messages.folds import calls_of, end_of, text_of, thought_of

Json = dict[str, Any]

SIGNATURE = "cXVpbnRldA=="
"""Clients want one, and send it back; nobody checks it: thoughts that come back are left out."""
_STOP_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "cancelled": "end_turn",
}


def message(events: Iterable[Event], answer_id: str, model: str) -> Json:
    """Return the whole answer."""
    kept = tuple(events)
    text, end = text_of(kept), end_of(kept)
    thought = thought_of(kept)
    blocks: list[Json] = [_thinking(thought)] if thought else []
    blocks += [{"type": "text", "text": text}] if text else []
    for call in calls_of(kept):
        function = call["function"]
        blocks.append(
            {
                "type": "tool_use",
                "id": call["id"],
                "name": function["name"],
                "input": json.loads(function["arguments"] or "{}"),
            }
        )
    return {
        **_frame(answer_id, model),
        "content": blocks,
        "stop_reason": _STOP_REASONS[end.reason],
        "usage": _usage(end.usage),
        **quintet_of(kept),
    }


class MessageStream:
    """Writes one answer as a stream of events; remembers which block is open."""

    def __init__(self, answer_id: str, model: str) -> None:
        self._answer_id = answer_id
        self._model = model
        self._num_blocks = 0
        self._flow: Json = {}
        self._open: str | None = None
        """What is being written: "text", or "tool 0"."""

    def start(self) -> Json:
        """Return the event that opens the stream."""
        return {"type": "message_start", "message": _frame(self._answer_id, self._model)}

    def add(self, event: Event) -> Iterator[Json]:
        """Yield what one event adds; nothing for most."""
        if isinstance(event, ThoughtDelta) and event.text:
            yield from self._opened("thinking", _thinking("", signature=""))
            yield self._delta({"type": "thinking_delta", "thinking": event.text})
        elif isinstance(event, TextDelta) and event.text:
            yield from self._opened("text", {"type": "text", "text": ""})
            yield self._delta({"type": "text_delta", "text": event.text})
        elif isinstance(event, ToolCallDelta):
            block = {"type": "tool_use", "id": event.call_id, "name": event.name, "input": {}}
            yield from self._opened(f"tool {event.index}", block)
            if event.arguments:
                yield self._delta({"type": "input_json_delta", "partial_json": event.arguments})
        elif isinstance(event, Finished):
            yield from self._closed()
            reason = {"stop_reason": _STOP_REASONS[event.reason], "stop_sequence": None}
            usage = _usage(event.usage)
            yield {"type": "message_delta", "delta": reason, "usage": usage, **self._flow}
            yield {"type": "message_stop"}
        else:  # its clients know no event of another kind: what a flow adds comes at the end
            self._flow = flow_object(event) or self._flow

    def _opened(self, what: str, block: Json) -> Iterator[Json]:
        if self._open != what:
            yield from self._closed()
            self._open = what
            index = self._num_blocks
            yield {"type": "content_block_start", "index": index, "content_block": block}

    def _closed(self) -> Iterator[Json]:
        if self._open is not None:
            if self._open == "thinking":
                yield self._delta({"type": "signature_delta", "signature": SIGNATURE})
            self._open = None
            yield {"type": "content_block_stop", "index": self._num_blocks}
            self._num_blocks += 1

    def _delta(self, delta: Json) -> Json:
        return {"type": "content_block_delta", "index": self._num_blocks, "delta": delta}


def _thinking(text: str, signature: str = SIGNATURE) -> Json:
    return {"type": "thinking", "thinking": text, "signature": signature}


def _frame(answer_id: str, model: str) -> Json:
    return {
        "id": f"msg_{answer_id}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": _usage(Usage()),
    }


def _usage(usage: Usage) -> Json:
    return {
        "input_tokens": usage.prompt_tokens - usage.cached_tokens,
        "output_tokens": usage.completion_tokens,
        "cache_read_input_tokens": usage.cached_tokens,
        "cache_creation_input_tokens": 0,
    }
