"""Messages → Gai/Gen's objects: `CC`, the chunks of a stream, a transcript. Pure functions."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any, cast

from workers.media.subtitles import plain_text
from workers.messages import (
    Event,
    Finished,
    SegmentDelta,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    Usage,
)

from .generators import ROLE_IN_EVERY_CHUNK

Json = dict[str, Any]


def transcript(events: Iterable[Event]) -> Json:
    """Return the text and its timed pieces."""
    segments = [event for event in events if isinstance(event, SegmentDelta)]
    chunks = [{"timestamp": [s.start_s, s.end_s], "text": s.text} for s in segments]
    return {"text": plain_text(segments), "chunks": chunks}


def chat_completion(events: Sequence[Event], answer_id: str, model: str) -> Json:
    """Return the whole answer as `CC`."""
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    calls = joined_calls(event for event in events if isinstance(event, ToolCallDelta))
    end = cast(Finished, events[-1])
    message = {
        "role": "assistant",
        "content": None if calls and not text else text,
        "tool_calls": [_call(call) for call in calls] or None,
        "function_call": None,
    }
    choice = {
        "index": 0,
        "message": message,
        "finish_reason": _finish_reason(end, has_calls=bool(calls)),
        "logprobs": None,
    }
    return {
        **_frame("chat.completion", answer_id, model),
        "choices": [choice],
        "usage": _usage(end.usage),
        "system_fingerprint": None,
    }


class ChunkWriter:
    """Events → `CCC`s under one id, in the order of the wrapper that was asked for.

    ExLlama's, which is also ours: the role, the texts, an empty tail; or each call's name, its whole
    arguments, an empty tail. llama.cpp's: the role in every chunk, an empty text in the last.
    """

    def __init__(self, answer_id: str, model: str) -> None:
        self._answer_id = answer_id
        self._model = model
        self._repeats_role = model.endswith(ROLE_IN_EVERY_CHUNK)
        self._has_text = False
        self._pieces: list[ToolCallDelta] = []

    def add(self, event: Event) -> list[Json]:
        """Return what one event adds to the stream; nothing for most."""
        if isinstance(event, TextDelta) and event.text:
            return self._text(event.text)
        if isinstance(event, ToolCallDelta):
            return self._call(event)
        if isinstance(event, Finished):
            return self._end(event)
        return []

    def _text(self, text: str) -> list[Json]:
        chunks = []
        if not self._repeats_role and not self._has_text:
            chunks.append(self._chunk({"role": "assistant", "content": ""}))
        self._has_text = True
        role = {"role": "assistant"} if self._repeats_role else {}
        return [*chunks, self._chunk({**role, "content": text})]

    def _call(self, piece: ToolCallDelta) -> list[Json]:
        is_new = bool(self._pieces) and self._pieces[-1].index != piece.index
        chunks = self._arguments() if is_new else []
        self._pieces = [piece] if is_new else [*self._pieces, piece]
        if len(self._pieces) == 1:
            head = ToolCall(call_id=piece.call_id, name=piece.name, arguments="")
            delta = {"role": "assistant", "content": None}
            chunks.append(self._chunk({**delta, "tool_calls": [_call(head, piece.index)]}))
        return chunks

    def _arguments(self) -> list[Json]:
        """Return the arguments of the last call as one chunk, whatever pieces they came in."""
        if not self._pieces:
            return []
        function = {"name": None, "arguments": "".join(p.arguments for p in self._pieces)}
        call = {"index": self._pieces[0].index, "id": None, "type": "function"}
        return [self._chunk({"tool_calls": [{**call, "function": function}]})]

    def _end(self, event: Finished) -> list[Json]:
        reason = _finish_reason(event, has_calls=bool(self._pieces))
        tail: Json = {"content": None}
        if self._repeats_role:
            tail = {"role": "assistant", "content": ""}
        is_bare = not (self._has_text or self._pieces or self._repeats_role)
        head = self._text("")[:1] if is_bare else []
        return [*head, *self._arguments(), self._chunk(tail, reason)]

    def _chunk(self, delta: Json, finish_reason: str | None = None) -> Json:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        frame = _frame("chat.completion.chunk", self._answer_id, self._model)
        return {**frame, "choices": [choice]}


def joined_calls(pieces: Iterable[ToolCallDelta]) -> list[ToolCall]:
    """Return the calls that the pieces belong to, in their order."""
    calls: dict[int, list[ToolCallDelta]] = {}
    for piece in pieces:
        calls.setdefault(piece.index, []).append(piece)
    return [
        ToolCall(
            call_id=parts[0].call_id,
            name=parts[0].name,
            arguments="".join(part.arguments for part in parts),
        )
        for _, parts in sorted(calls.items())
    ]


def _call(call: ToolCall, index: int | None = None) -> Json:
    body: Json = {} if index is None else {"index": index}
    function = {"name": call.name, "arguments": call.arguments}
    return {**body, "id": call.call_id, "type": "function", "function": function}


def _finish_reason(end: Finished, *, has_calls: bool) -> str:
    if has_calls and end.reason != "length":
        return "tool_calls"
    return "length" if end.reason == "length" else "stop"


def _usage(usage: Usage) -> Json:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }


def _frame(kind: str, answer_id: str, model: str) -> Json:
    created = int(time.time())
    return {"id": f"chatcmpl-{answer_id}", "object": kind, "created": created, "model": model}
