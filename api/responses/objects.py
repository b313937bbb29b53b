"""Messages → a response, whole or as the events of a stream."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from api.core.flows import flow_object
from workers.messages import Event, Finished, TextDelta, ThoughtDelta, ToolCallDelta, Usage

from .schemas import ResponseRequest

Json = dict[str, Any]

MESSAGE, THOUGHT = -1, -2
"""Items that are no calls; those have the numbers from 0."""


class ResponseWriter:
    """Builds one response event by event; both the stream and the whole answer come from here."""

    def __init__(self, body: ResponseRequest, answer_id: str, model: str) -> None:
        self._num_events = 0
        self._answer_id = answer_id
        self._open: int | None = None
        """The call being written, `MESSAGE` or `THOUGHT`; None between items."""
        self._is_summary = body.reasoning is not None and body.reasoning.summary is not None
        self.response: Json = {
            "id": f"resp_{answer_id}",
            "object": "response",
            "created_at": int(time.time()),
            "status": "in_progress",
            "model": model,
            "output": [],
            "error": None,
            "incomplete_details": None,
            "instructions": body.instructions,
            "max_output_tokens": body.max_output_tokens,
            "metadata": body.metadata or {},
            "parallel_tool_calls": True,
            "previous_response_id": body.previous_response_id,
            "store": body.store,
            "temperature": body.temperature,
            "text": body.text.model_dump(by_alias=True),
            "tool_choice": body.model_dump()["tool_choice"],
            "tools": [{"strict": False, **tool.model_dump()} for tool in body.tools],
            "top_p": body.top_p,
            "truncation": "disabled",
            "usage": None,
        }

    def start(self) -> Iterator[Json]:
        """Yield the events that open a stream."""
        yield self._event("response.created", response=dict(self.response))
        yield self._event("response.in_progress", response=dict(self.response))

    def add(self, event: Event) -> Iterator[Json]:
        """Yield what one event adds; nothing for most."""
        if isinstance(event, ThoughtDelta) and event.text:
            yield from self._opened(THOUGHT, self._new_thought())
            yield from self._thought(event.text)
        elif isinstance(event, TextDelta) and event.text:
            yield from self._opened(MESSAGE, self._new_message())
            self._item["content"][0]["text"] += event.text
            yield self._part_event("output_text.delta", delta=event.text, logprobs=[])
        elif isinstance(event, ToolCallDelta):
            yield from self._opened(event.index, self._new_call(event))
            if event.arguments:
                self._item["arguments"] += event.arguments
                yield self._item_event("function_call_arguments.delta", delta=event.arguments)
        elif isinstance(event, Finished):
            yield from self._closed()
            yield self._finished(event)
        elif said := flow_object(event):
            self.response |= said

    def fail(self, code: str, message: str) -> Json:
        """Return the event that ends a stream which went wrong."""
        self.response |= {"status": "failed", "error": {"code": code, "message": message}}
        return self._event("response.failed", response=dict(self.response))

    @property
    def _item(self) -> Json:
        item: Json = self.response["output"][-1]
        return item

    def _new_thought(self) -> Json:
        """In the form that was asked for: as a summary of one part, or as it is."""
        if self._is_summary:
            return {"type": "reasoning", "summary": [{"type": "summary_text", "text": ""}]}
        raw = {"type": "reasoning_text", "text": ""}
        return {"type": "reasoning", "summary": [], "content": [raw]}

    def _thought(self, text: str) -> Iterator[Json]:
        parts = self._item["summary"] or self._item["content"]
        parts[0]["text"] += text
        yield self._thought_event("delta", delta=text)

    def _thought_event(self, kind: str, **fields: Any) -> Json:
        if self._is_summary:
            return self._item_event(f"reasoning_summary_text.{kind}", summary_index=0, **fields)
        return self._part_event(f"reasoning_text.{kind}", **fields)

    def _new_message(self) -> Json:
        text = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
        return {"type": "message", "role": "assistant", "content": [text]}

    def _new_call(self, event: ToolCallDelta) -> Json:
        return {
            "type": "function_call",
            "call_id": event.call_id,
            "name": event.name,
            "arguments": "",
        }

    def _opened(self, which: int, item: Json) -> Iterator[Json]:
        if self._open == which:
            return
        yield from self._closed()
        self._open = which
        output: list[Json] = self.response["output"]
        kind = {MESSAGE: "msg", THOUGHT: "rs"}.get(which, "fc")
        output.append({"id": f"{kind}_{self._answer_id}_{len(output)}", **item})
        self._item["status"] = "in_progress"
        shown = dict(self._item)
        if which == MESSAGE:
            shown["content"] = []
        elif which == THOUGHT:
            shown |= {"summary": [], **({"content": []} if "content" in shown else {})}
        yield self._event("response.output_item.added", output_index=self._place, item=shown)
        if which == MESSAGE:
            yield self._part_event("content_part.added", part=dict(self._item["content"][0]))
        elif which == THOUGHT and self._is_summary:
            part = dict(self._item["summary"][0])
            yield self._item_event("reasoning_summary_part.added", summary_index=0, part=part)

    def _closed(self) -> Iterator[Json]:
        if self._open is None:
            return
        self._item["status"] = "completed"
        if self._open == THOUGHT:
            yield from self._thought_done()
        elif self._open == MESSAGE:
            part = self._item["content"][0]
            yield self._part_event("output_text.done", text=part["text"], logprobs=[])
            yield self._part_event("content_part.done", part=dict(part))
        else:
            arguments, name = self._item["arguments"], self._item["name"]
            yield self._item_event("function_call_arguments.done", arguments=arguments, name=name)
        shown = dict(self._item)
        yield self._event("response.output_item.done", output_index=self._place, item=shown)
        self._open = None

    def _thought_done(self) -> Iterator[Json]:
        part = (self._item["summary"] or self._item["content"])[0]
        yield self._thought_event("done", text=part["text"])
        if self._is_summary:
            yield self._item_event("reasoning_summary_part.done", summary_index=0, part=dict(part))

    def _finished(self, end: Finished) -> Json:
        is_cut = end.reason == "length"
        self.response["status"] = "incomplete" if is_cut else "completed"
        self.response["usage"] = _usage(end.usage)
        if is_cut:
            self.response["incomplete_details"] = {"reason": "max_output_tokens"}
        return self._event(f"response.{self.response['status']}", response=dict(self.response))

    @property
    def _place(self) -> int:
        return len(self.response["output"]) - 1

    def _part_event(self, kind: str, **fields: Any) -> Json:
        return self._item_event(kind, content_index=0, **fields)

    def _item_event(self, kind: str, **fields: Any) -> Json:
        place = {"item_id": self._item["id"], "output_index": self._place}
        return self._event(f"response.{kind}", **place, **fields)

    def _event(self, kind: str, **fields: Any) -> Json:
        self._num_events += 1
        return {"type": kind, "sequence_number": self._num_events - 1, **fields}


def _usage(usage: Usage) -> Json:
    return {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {"cached_tokens": usage.cached_tokens, "cache_write_tokens": 0},
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.thinking_tokens},
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }
