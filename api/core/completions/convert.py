"""OpenAI's bodies → messages. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar, cast

from api.core.thinking import thinking_of
from configs.catalogue import ModelCard
from workers.messages import (
    NO_THOUGHTS,
    ChatMessage,
    Complete,
    Constraint,
    Describe,
    Generate,
    Role,
    SamplingParams,
    Thinking,
    Tool,
    ToolCall,
    new_request_id,
)
from workers.messages.errors import UnsupportedInputError
from workers.messages.sampling import sampling_for
from workers.templates.conversation import render_completion

from .schemas import (
    ChatRequest,
    CompletionRequest,
    Function,
    FunctionCall,
    ImageUrl,
    Message,
    Part,
    SamplingBody,
    ToolChoice,
)

MAX_PROMPTS = 32
"""As many as may wait for a worker."""

Choice = TypeVar("Choice", bound=Generate | Complete | Describe)


def to_generate(body: ChatRequest, card: ModelCard) -> Generate:
    """Return the request; what the body leaves out is the card's to say.

    Raises: UnsupportedInputError for parts of a message that are no text.
    """
    thinking = thinking_of(body)
    sampling = _sampling(body, card, thinking)
    if body.logprobs:
        sampling = replace(sampling, num_logprobs=body.top_logprobs or 0)
    tools = [tool.function for tool in body.tools] or body.functions
    return Generate(
        messages=to_messages(body.messages),
        sampling=sampling,
        constraint=_constraint(body),
        tools=tuple(_tool(function) for function in tools),
        tool_choice=_tool_choice(body),
        thinking=thinking,
        model=card.id,
    )


def to_completes(body: CompletionRequest, card: ModelCard) -> list[Complete]:
    """Return one request per prompt and choice, choices of one prompt together.

    Raises: UnsupportedInputError for too many.
    """
    prompts = [body.prompt] if isinstance(body.prompt, str) else body.prompt
    if len(prompts) * body.n > MAX_PROMPTS:
        each = f", each {body.n} times" if body.n > 1 else ""
        raise UnsupportedInputError(
            f"{len(prompts):,} prompts were sent{each}; at most {MAX_PROMPTS} are continued at once."
        )
    sampling = replace(_sampling(body, card), num_logprobs=body.logprobs)
    requests = [
        Complete(
            prompt=render_completion(card.templates, prompt),
            sampling=sampling,
            constraint=_constraint(body),
            model=card.id,
        )
        for prompt in prompts
    ]
    return [choice for request in requests for choice in to_choices(request, body.n)]


def to_choices(request: Choice, num_choices: int) -> list[Choice]:
    """Return the request once per choice; a seed counts up, or all of them would be the same."""
    choices = [request]
    for place in range(1, num_choices):
        seed = request.sampling.seed
        sampling = replace(request.sampling, seed=None if seed is None else seed + place)
        choices.append(replace(request, request_id=new_request_id(), sampling=sampling))
    return choices


def to_messages(turns: Sequence[Message]) -> tuple[ChatMessage, ...]:
    """Return the conversation; an empty last turn of the assistant is the place for the answer."""
    if turns[-1].role.lower() == "assistant" and not turns[-1].content and not turns[-1].tool_calls:
        turns = turns[:-1]
    return tuple(_message(turn) for turn in turns)


def image_urls(turns: Sequence[Message]) -> list[str]:
    """Return the addresses of all pictures in a conversation, in order."""
    parts = [part for turn in turns if isinstance(turn.content, list) for part in turn.content]
    return [_address(part) for part in parts if part.type == "image_url"]


def _message(turn: Message) -> ChatMessage:
    role = turn.role.lower()
    calls = turn.tool_calls or []
    return ChatMessage(
        role=cast(Role, "system" if role == "developer" else role),
        text=_text(turn),
        tool_calls=tuple(
            ToolCall(call_id=c.id, name=c.function.name, arguments=c.function.arguments)
            for c in calls
        ),
        tool_call_id=turn.tool_call_id or "",
    )


def _text(turn: Message) -> str:
    if not isinstance(turn.content, list):
        return turn.content or ""
    for part in turn.content:
        if part.type not in ("text", "input_text", "output_text", "image_url"):
            raise UnsupportedInputError(
                f"A message has a part of type {part.type!r}; text and image_url are understood.",
                "Recordings go to /v1/audio/transcriptions, documents to a collection.",
            )
    return "\n".join(part.text for part in turn.content if part.type != "image_url")


def _address(part: Part) -> str:
    address = part.image_url.url if isinstance(part.image_url, ImageUrl) else part.image_url
    if not address:
        raise UnsupportedInputError("An image_url part has no url.")
    return address


def _sampling(
    body: SamplingBody, card: ModelCard, thinking: Thinking = NO_THOUGHTS
) -> SamplingParams:
    given = body.model_dump(exclude={"logit_bias"}, exclude_none=True)
    bias = tuple((body.logit_bias or {}).items()) or None
    return sampling_for(card, {**given, "logit_bias": bias}, thinking)


def _constraint(body: SamplingBody) -> Constraint | None:
    if body.grammar:
        return Constraint(kind="grammar", text=body.grammar)
    form = body.response_format
    if form is None or form.type == "text":
        return None
    if form.type == "json_object":
        return Constraint(kind="json")
    if form.json_schema is None:
        raise UnsupportedInputError("response_format json_schema needs the key json_schema.")
    return Constraint(kind="schema", text=json.dumps(form.json_schema.json_schema))


def _tool(function: Function) -> Tool:
    return Tool(
        name=function.name,
        description=function.description or "",
        parameters=json.dumps(function.parameters or {}),
    )


def _tool_choice(body: ChatRequest) -> str:
    if isinstance(body.tool_choice, ToolChoice):
        return body.tool_choice.function.name
    if isinstance(body.function_call, FunctionCall):
        return body.function_call.name
    return body.function_call if body.function_call != "auto" else body.tool_choice
