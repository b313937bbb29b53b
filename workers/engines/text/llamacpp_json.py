"""Requests and answers as llama.cpp's server writes them in JSON. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from workers.engines.common.bridge import Chunk
from workers.engines.common.llamacpp.server import error_of, sampling_body
from workers.messages import Complete, Constraint, Generate, Usage

from .engine import Completion, Piece, PromptProgress
from .openai_json import message_json, pieces_of_choice, tool_json
from .schemas import check_grammar, read_schema


def body_of(request: Generate | Complete, slot: int) -> Chunk:
    """Return the body for the chat or the completion route, streaming."""
    body = {**sampling_body(request.sampling), "id_slot": slot, "stream": True}
    body |= {"return_progress": True, "stream_options": {"include_usage": True}}
    body |= _constraint(request.constraint)
    if isinstance(request, Complete):
        body["prompt"] = request.prompt
        return body
    body["messages"] = [message_json(message) for message in request.messages]
    if request.tools:
        body["tools"] = [tool_json(tool) for tool in request.tools]
        if request.tool_choice == "none" or request.constraint is not None:
            body["tool_choice"] = "none"  # shown, but not parsed: the two exclude each other
    return body


def reading_only(body: Chunk) -> Chunk:
    """Return the body that has the same prompt read, and nothing written."""
    return {**body, "max_tokens": 0, "n_predict": 0}


def with_reading(end: Completion, read: Usage | None) -> Completion:
    """Return the end of an answer whose prompt was read before, for which `read` was used."""
    if read is None:
        return end
    usage = replace(
        end.usage,
        cached_tokens=read.cached_tokens,
        prefill_s=read.prefill_s + end.usage.prefill_s,
    )
    return replace(end, usage=usage)


def pieces_of(chunks: Iterable[Chunk], batch_tokens: int) -> Iterator[Piece]:
    """Yield what the server's chunks say; prompts of more than one batch tell how far they are.

    Raises: AppError for an error chunk.
    """
    reason: str | None = None
    for chunk in chunks:
        if "error" in chunk:
            raise error_of(chunk["error"])
        if "prompt_progress" in chunk:
            yield from _progress(chunk["prompt_progress"], batch_tokens)
        for choice in chunk["choices"]:
            reason = choice["finish_reason"] or reason
            yield from pieces_of_choice(choice)
        if "usage" in chunk and reason is not None:
            yield _completion(reason, chunk)


def joined(batches: Iterable[list[Chunk]]) -> Iterator[Chunk]:
    """Yield the chunks of each batch, neighbours that hold nothing but text as one."""
    for batch in batches:
        held = batch[0]
        for chunk in batch[1:]:
            text, more = _text(held), _text(chunk)
            if text is None or more is None:
                yield held
                held = chunk
            else:
                choice = {**chunk["choices"][0], "delta": {"content": text + more}}
                held = {**chunk, "choices": [choice]}
        yield held


def has_text(chunk: Chunk) -> bool:
    """Whether a chunk brings words: others open a stream, or tell how far a prompt is read."""
    return bool(_text(chunk))


def _text(chunk: Chunk) -> str | None:
    """Return the text of a chunk of a conversation; None if it says anything else too."""
    choices: list[Chunk] = chunk.get("choices") or []
    if len(choices) != 1 or "usage" in chunk or "prompt_progress" in chunk:
        return None
    choice = choices[0]
    delta = choice.get("delta") or {}
    is_plain = delta.keys() == {"content"} and isinstance(delta["content"], str)
    if not is_plain or choice.get("finish_reason") or choice.get("logprobs"):
        return None
    return str(delta["content"])


def _constraint(constraint: Constraint | None) -> Chunk:
    if constraint is None:
        return {}
    if constraint.kind == "grammar":
        check_grammar(constraint.text)
        return {"grammar": constraint.text}
    if constraint.kind == "json":
        return {"json_schema": {"type": "object"}}
    return {"json_schema": read_schema(constraint.text, "The JSON schema")}


def _progress(progress: Chunk, batch_tokens: int) -> Iterator[PromptProgress]:
    """Nothing for a prompt that is read in one batch."""
    cached = int(progress["cache"])
    done, total = int(progress["processed"]) - cached, int(progress["total"]) - cached
    if total > batch_tokens:
        yield PromptProgress(done_tokens=done, total_tokens=total)


def _completion(reason: str, chunk: Chunk) -> Completion:
    usage, timings = chunk["usage"], chunk.get("timings", {})
    details: dict[str, Any] = usage.get("prompt_tokens_details") or {}
    return Completion(
        reason="length"
        if reason == "length"
        else "tool_calls"
        if reason == "tool_calls"
        else "stop",
        usage=Usage(
            prompt_tokens=usage["prompt_tokens"],
            cached_tokens=details.get("cached_tokens", 0),
            completion_tokens=usage["completion_tokens"],
            prefill_s=timings.get("prompt_ms", 0.0) / 1000,
            decode_s=timings.get("predicted_ms", 0.0) / 1000,
        ),
    )
