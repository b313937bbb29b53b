"""Messages → OpenAI's objects: whole answers, and the chunks of a stream. Pure functions.

`choices` are the events of each answer asked for (`n`), one after the other.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from api.core.flows import flow_object, quintet_of
from workers.messages import (
    Event,
    Finished,
    TextDelta,
    ThoughtDelta,
    TokenLogprob,
    ToolCallDelta,
    Usage,
)
from workers.messages.folds import calls_of, end_of, text_of, thought_of

Json = dict[str, Any]


def chat_completion(choices: Sequence[Iterable[Event]], answer_id: str, model: str) -> Json:
    """Return the whole answer as one `chat.completion`."""
    kept = [tuple(events) for events in choices]
    return {
        **_frame("chat.completion", f"chatcmpl-{answer_id}", model),
        "choices": [_chat_choice(index, events) for index, events in enumerate(kept)],
        "usage": usage_of(*(end_of(events).usage for events in kept)),
        **quintet_of(kept[0]),
    }


def text_completion(
    choices: Sequence[Iterable[Event]], answer_id: str, model: str, echoes: Sequence[str] = ()
) -> Json:
    """Return the whole answer as one `text_completion`; `echoes` are put before the choices."""
    kept = [tuple(events) for events in choices]
    heads = echoes or [""] * len(kept)
    return {
        **_frame("text_completion", f"cmpl-{answer_id}", model),
        "choices": [
            {
                "index": index,
                "text": heads[index] + text_of(events),
                "finish_reason": finish_reason(end_of(events)),
                "logprobs": _text_logprobs(_logprobs_of(events)),
            }
            for index, events in enumerate(kept)
        ],
        "usage": usage_of(*(end_of(events).usage for events in kept)),
    }


def first_chunk(answer_id: str, model: str, index: int = 0) -> Json:
    """Return the chunk that opens one choice of a stream."""
    return _chunk(answer_id, model, index, {"role": "assistant", "content": ""})


def chunks_of(event: Event, answer_id: str, model: str, index: int = 0) -> list[Json]:
    """Return what one event adds to a stream of `chat.completion.chunk`; nothing for most."""
    if isinstance(event, TextDelta):
        chunk = _chunk(answer_id, model, index, {"content": event.text})
        if event.logprobs:
            chunk["choices"][0]["logprobs"] = {"content": [_logprob(t) for t in event.logprobs]}
        return [chunk]
    if isinstance(event, ThoughtDelta):
        # Two names for one thing: DeepSeek's and llama.cpp's, and vLLM's.
        thought = {"reasoning_content": event.text, "reasoning": event.text}
        return [_chunk(answer_id, model, index, thought)]
    if isinstance(event, ToolCallDelta):
        return [_chunk(answer_id, model, index, {"tool_calls": [_call_delta(event)]})]
    if isinstance(event, Finished):
        return [_chunk(answer_id, model, index, {}, finish_reason(event))]
    if said := flow_object(event):
        return [{**_chunk(answer_id, model, index, {}), **said}]
    return []


def usage_chunk(answer_id: str, model: str, *usages: Usage) -> Json:
    """Return the chunk that closes a stream with `include_usage`."""
    frame = _frame("chat.completion.chunk", f"chatcmpl-{answer_id}", model)
    return {**frame, "choices": [], "usage": usage_of(*usages)}


def text_chunks_of(event: Event, answer_id: str, model: str, index: int = 0) -> list[Json]:
    """Return what one event adds to a stream of `text_completion`."""
    if not isinstance(event, (TextDelta, Finished)):
        return []
    is_end = isinstance(event, Finished)
    choice = {
        "index": index,
        "text": "" if isinstance(event, Finished) else event.text,
        "finish_reason": finish_reason(event) if isinstance(event, Finished) else None,
        "logprobs": None if is_end else _text_logprobs(getattr(event, "logprobs", ())),
    }
    return [{**_frame("text_completion", f"cmpl-{answer_id}", model), "choices": [choice]}]


def finish_reason(end: Finished) -> str:
    """Return OpenAI's word for why an answer ended."""
    return "stop" if end.reason == "cancelled" else end.reason


def usage_of(*usages: Usage) -> Json:
    """Return the token counts, those of several choices added up."""
    prompt = sum(usage.prompt_tokens for usage in usages)
    completion = sum(usage.completion_tokens for usage in usages)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": sum(usage.cached_tokens for usage in usages)},
        "completion_tokens_details": {
            "reasoning_tokens": sum(usage.thinking_tokens for usage in usages)
        },
    }


def _chat_choice(index: int, events: Sequence[Event]) -> Json:
    text, calls, tokens = text_of(events), calls_of(events), _logprobs_of(events)
    thought = thought_of(events)
    return {
        "index": index,
        "message": {
            "role": "assistant",
            "content": None if calls and not text else text,
            **({"reasoning_content": thought, "reasoning": thought} if thought else {}),
            "tool_calls": calls or None,
        },
        "finish_reason": finish_reason(end_of(events)),
        "logprobs": {"content": [_logprob(token) for token in tokens]} if tokens else None,
    }


def _logprobs_of(events: Iterable[Event]) -> list[TokenLogprob]:
    return [t for event in events if isinstance(event, TextDelta) for t in event.logprobs]


def _logprob(token: TokenLogprob) -> Json:
    return {
        **_token(token.token, token.logprob),
        "top_logprobs": [_token(text, logprob) for text, logprob in token.top],
    }


def _token(text: str, logprob: float) -> Json:
    return {"token": text, "logprob": logprob, "bytes": list(text.encode())}


def _text_logprobs(tokens: Sequence[TokenLogprob]) -> Json | None:
    if not tokens:
        return None
    return {
        "tokens": [token.token for token in tokens],
        "token_logprobs": [token.logprob for token in tokens],
        "top_logprobs": [dict(token.top) for token in tokens],
        "text_offset": [
            sum(len(before.token) for before in tokens[:place]) for place in range(len(tokens))
        ],
    }


def _call_delta(event: ToolCallDelta) -> Json:
    delta: Json = {"index": event.index, "function": {"arguments": event.arguments}}
    if event.name:
        delta |= {"id": event.call_id, "type": "function"}
        delta["function"]["name"] = event.name
    return delta


def _chunk(answer_id: str, model: str, index: int, delta: Json, reason: str | None = None) -> Json:
    choice = {"index": index, "delta": delta, "finish_reason": reason, "logprobs": None}
    frame = _frame("chat.completion.chunk", f"chatcmpl-{answer_id}", model)
    return {**frame, "choices": [choice]}


def _frame(kind: str, answer_id: str, model: str) -> Json:
    return {"id": answer_id, "object": kind, "created": int(time.time()), "model": model}
