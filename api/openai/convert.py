"""OpenAI's bodies ⇄ messages. Pure functions."""

from __future__ import annotations

import base64
import struct
import time
from collections.abc import Iterable, Sequence
from typing import Any, cast

from configs.catalogue import ModelCard
from workers.messages import (
    ChatMessage,
    Embedded,
    Event,
    Finished,
    Generate,
    Role,
    SamplingParams,
    TextDelta,
    Usage,
)

from .schemas import ChatRequest

Json = dict[str, Any]


def to_generate(body: ChatRequest) -> Generate:
    """Return the request; what the body leaves out keeps the default of `SamplingParams`."""
    names = ("temperature", "top_p", "top_k", "min_p", "repeat_penalty", "max_tokens", "seed")
    given = {name: getattr(body, name) for name in names if getattr(body, name) is not None}
    stop = (body.stop,) if isinstance(body.stop, str) else tuple(body.stop or ())
    turns = body.messages
    if turns[-1].role.lower() == "assistant" and not turns[-1].text:
        turns = turns[:-1]  # an empty slot for the answer
    return Generate(
        messages=tuple(
            ChatMessage(role=cast(Role, turn.role.lower()), text=turn.text) for turn in turns
        ),
        sampling=SamplingParams(**given, stop=stop),
    )


def chat_completion(events: Iterable[Event], request_id: str, model: str) -> Json:
    """Return the whole answer as one `chat.completion`."""
    kept = tuple(events)
    text = "".join(event.text for event in kept if isinstance(event, TextDelta))
    end = cast(Finished, kept[-1])
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text, "tool_calls": None},
        "finish_reason": _finish_reason(end),
        "logprobs": None,
    }
    return {
        **_frame("chat.completion", request_id, model),
        "choices": [choice],
        "usage": usage_of(end.usage),
    }


def first_chunk(request_id: str, model: str) -> Json:
    """Return the chunk that opens a stream."""
    return _chunk(request_id, model, {"role": "assistant", "content": ""}, None)


def chunks_of(event: Event, model: str, *, include_usage: bool) -> list[Json]:
    """Return what one event adds to a stream; nothing for most."""
    if isinstance(event, TextDelta):
        return [_chunk(event.request_id, model, {"content": event.text}, None)]
    if not isinstance(event, Finished):
        return []
    last = [_chunk(event.request_id, model, {}, _finish_reason(event))]
    if include_usage:
        frame = _frame("chat.completion.chunk", event.request_id, model)
        last.append({**frame, "choices": [], "usage": usage_of(event.usage)})
    return last


def embeddings(embedded: Embedded, model: str, encoding: str) -> Json:
    """Return the vectors as a list; base64 is little-endian float32, as the engine gives it."""
    row_bytes = embedded.dim * 4
    data = []
    for index, start in enumerate(range(0, len(embedded.vectors), row_bytes)):
        row = embedded.vectors[start : start + row_bytes]
        vector: object = base64.b64encode(row).decode()
        if encoding == "float":
            vector = list(struct.unpack(f"<{embedded.dim}f", row))
        data.append({"object": "embedding", "index": index, "embedding": vector})
    usage = {"prompt_tokens": 0, "total_tokens": 0}
    return {"object": "list", "data": data, "model": model, "usage": usage}


def model_list(cards: Sequence[ModelCard]) -> Json:
    """Return the models as OpenAI lists them."""
    return {"object": "list", "data": [model_object(card) for card in cards]}


def model_object(card: ModelCard) -> Json:
    """Return one model; `owned_by` says who made it."""
    return {"id": card.id, "object": "model", "created": 0, "owned_by": card.origin}


def usage_of(usage: Usage) -> Json:
    """Return the token counts."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }


def _finish_reason(end: Finished) -> str:
    return "length" if end.reason == "length" else "stop"


def _chunk(request_id: str, model: str, delta: Json, finish_reason: str | None) -> Json:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": None}
    return {**_frame("chat.completion.chunk", request_id, model), "choices": [choice]}


def _frame(kind: str, request_id: str, model: str) -> Json:
    return {
        "id": f"chatcmpl-{request_id}",
        "object": kind,
        "created": int(time.time()),
        "model": model,
    }
