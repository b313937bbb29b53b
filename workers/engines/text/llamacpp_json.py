"""Requests and answers as llama.cpp's server writes them in JSON. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from workers.engines.common.bridge import Chunk
from workers.engines.common.llamacpp.server import error_of, sampling_body
from workers.engines.common.pictures.conversation import turns_with_pictures
from workers.engines.common.pictures.gguf_pictures import Scaled
from workers.engines.common.pictures.llamacpp_pictures import messages_json
from workers.messages import NO_THOUGHTS, Complete, Constraint, Describe, Generate, Usage

from .engine import Completion, Delta, Piece, PromptProgress, Thought
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
    body |= _thinking(request)
    body["messages"] = [message_json(message) for message in request.messages]
    if request.tools:
        body["tools"] = [tool_json(tool) for tool in request.tools]
        if request.tool_choice == "none" or request.constraint is not None:
            body["tool_choice"] = "none"  # shown, but not parsed: the two exclude each other
    return body


def question_of(request: Describe) -> Generate:
    """Return the words of a question about pictures; nobody asks for thoughts about them."""
    return Generate(
        request_id=request.request_id,
        messages=request.messages,
        sampling=request.sampling,
        thinking=NO_THOUGHTS,
        deadline=request.deadline,
    )


def with_pictures(body: Chunk, question: Generate, scaled: Sequence[Scaled]) -> Chunk:
    """Return the body of `body_of`, with the pictures before the words of its first question."""
    turns = turns_with_pictures(question.messages, len(scaled))
    return {**body, "messages": messages_json(turns, scaled)}


def with_image_tokens(end: Completion, num_tokens: int) -> Completion:
    """Return the end of an answer, whose usage says what pictures are of the prompt."""
    return replace(end, usage=replace(end.usage, image_tokens=num_tokens))


def _thinking(request: Generate) -> Chunk:
    """Return what a template that knows thoughts is told; others read none of it.

    The bound of a thought comes on top of the answer's `max_tokens`: `pieces_of` counts the two apart.
    """
    wish = request.thinking
    body: Chunk = {}
    if wish.is_on is not None:
        # The second name is that of DeepSeek's and Granite's templates.
        body["chat_template_kwargs"] = {"enable_thinking": wish.is_on, "thinking": wish.is_on}
    if wish.effort:
        body["reasoning_effort"] = wish.effort
    if wish.max_tokens is not None:
        body["thinking_budget_tokens"] = wish.max_tokens
        if request.sampling.max_tokens is not None:
            longest = request.sampling.max_tokens + wish.max_tokens
            body |= {"max_tokens": longest, "n_predict": longest, "timings_per_token": True}
    return body


def reading_only(body: Chunk, *, from_cache: bool) -> Chunk:
    """Return the body that has the same prompt read, from its beginning or what is new, and nothing written."""
    return {**body, "max_tokens": 0, "n_predict": 0, "cache_prompt": from_cache}


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


def answer_limit(request: Generate | Complete) -> int | None:
    """Return how many tokens an answer may have whose thoughts are bounded apart; None for others."""
    is_apart = isinstance(request, Generate) and request.thinking.max_tokens is not None
    return request.sampling.max_tokens if is_apart else None


def pieces_of(
    batches: Iterable[list[Chunk]], batch_tokens: int, max_answer: int | None = None
) -> Iterator[Piece]:
    """Yield what the server's chunks say, neighbours of one batch that are mere text as one.

    Prompts of more than one batch (`batch_tokens`) tell how far they are. An answer ends after
    `max_answer` tokens, thoughts not counted. Raises: AppError for an error chunk.
    """
    reason: str | None = None
    num_answer = 0
    for batch in batches:
        found: list[Piece] = []
        for chunk in batch:
            if "error" in chunk:
                yield from joined(found)
                raise error_of(chunk["error"])
            if "prompt_progress" in chunk:
                found += _progress(chunk["prompt_progress"], batch_tokens)
            for choice in chunk["choices"]:
                reason = choice["finish_reason"] or reason
                for piece in pieces_of_choice(choice):
                    found.append(piece)
                    num_answer += isinstance(piece, Delta)
            if max_answer is not None and num_answer >= max_answer and "timings" in chunk:
                yield from joined([*found, _cut(chunk["timings"])])
                return
            if "usage" in chunk and reason is not None:
                found.append(_completion(reason, chunk))
        yield from joined(found)


def joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Yield the pieces, neighbours that are text alone, or thought alone, as one."""
    held: Piece | None = None
    for piece in pieces:
        both = _together(held, piece)
        if both is None and held is not None:
            yield held
        held = both or piece
    if held is not None:
        yield held


def _together(one: Piece | None, other: Piece) -> Piece | None:
    if isinstance(one, Thought) and isinstance(other, Thought):
        return Thought(text=one.text + other.text, num_tokens=one.num_tokens + other.num_tokens)
    if not isinstance(one, Delta) or not isinstance(other, Delta) or one.logprobs or other.logprobs:
        return None
    return Delta(text=one.text + other.text, num_tokens=one.num_tokens + other.num_tokens)


def has_text(chunk: Chunk) -> bool:
    """Whether a chunk brings words: others open a stream, or tell how far a prompt is read."""
    return any(
        choice.get("text") or {"content", "reasoning_content"} & (choice.get("delta") or {}).keys()
        for choice in chunk.get("choices") or []
    )


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


def _cut(timings: Chunk) -> Completion:
    """Return the end of an answer that goes no further."""
    usage = {
        "prompt_tokens": timings["cache_n"] + timings["prompt_n"],
        "prompt_tokens_details": {"cached_tokens": timings["cache_n"]},
        "completion_tokens": timings["predicted_n"],
    }
    return _completion("length", {"usage": usage, "timings": timings})


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
