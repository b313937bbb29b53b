"""Geniusrise's bodies: OpenAI's keys with each runtime's own defaults, which its clients rely on.

Source: geniusrise-text 0.1.13; vLLM's and llama-cpp-python's chat completions of early 2024.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, AliasChoices, Discriminator, Field, Tag

from api.core.completions.schemas import ChatRequest, CompletionRequest, SamplingBody

MAX_CHOICES = 16

TopK = Annotated[int | None, AfterValidator(lambda top_k: max(0, top_k) if top_k else top_k)]
"""-1, which both runtimes know, is 0 here: all tokens."""
MaxTokens = Annotated[
    int | None, AfterValidator(lambda limit: limit if limit and limit > 0 else None)
]
"""As in llama.cpp's bindings, 0 and -1 are no limit."""


class ChatBody(SamplingBody):
    """POST /chat: one question. Sampling keys are those of the other routes."""

    user_prompt: str = Field(validation_alias=AliasChoices("user_prompt", "prompt"))
    system_prompt: str = ""
    max_tokens: int | None = Field(
        default=None, validation_alias=AliasChoices("max_tokens", "max_new_tokens")
    )


class VllmChat(ChatRequest):
    """POST /chat_vllm. `user` is accepted and has no effect: nobody is told apart by it."""

    temperature: float | None = 0.7
    top_p: float | None = 1.0
    top_k: TopK = 0
    min_p: float | None = 0.0
    repeat_penalty: float | None = Field(
        default=1.0, validation_alias=AliasChoices("repetition_penalty", "repeat_penalty")
    )
    presence_penalty: float | None = 0.0
    frequency_penalty: float | None = 0.0
    best_of: int | None = Field(default=None, ge=1, le=MAX_CHOICES)
    """Write so many answers and send back the `n` likeliest."""
    echo: bool = False
    """Begin with the last message, if it has the answer's role."""
    response_role: str = "assistant"
    length_penalty: float = 1.0
    use_beam_search: bool = False
    stop_token_ids: tuple[int, ...] = ()
    skip_special_tokens: bool = True
    add_generation_prompt: bool = True
    include_stop_str_in_output: bool = False
    chat_template: str | None = None


class LlamaCppChat(ChatRequest):
    """POST /chat_llama_cpp with `messages`."""

    max_tokens: MaxTokens = None
    temperature: float | None = 0.2
    top_p: float | None = 0.95
    top_k: TopK = 40
    min_p: float | None = 0.05
    typical_p: float | None = 1.0
    repeat_penalty: float | None = 1.1
    presence_penalty: float | None = 0.0
    frequency_penalty: float | None = 0.0
    tfs_z: float = 1.0


class PlainBody(CompletionRequest):
    """`prompt` without `messages`: text goes on as it stands, without a chat template."""

    max_tokens: MaxTokens = 16
    temperature: float | None = 0.8
    top_p: float | None = 0.95
    top_k: TopK = 40
    min_p: float | None = 0.05
    repeat_penalty: float | None = 1.1
    tfs_z: float = 1.0


NEUTRAL = """length_penalty use_beam_search stop_token_ids skip_special_tokens add_generation_prompt
include_stop_str_in_output chat_template tfs_z""".split()
"""Keys whose default is all that the engine can do; another value is refused, never lost."""


def _kind(body: Any) -> str:
    has_prompt = isinstance(body, dict) and body.get("prompt") is not None
    return "plain" if has_prompt and not body.get("messages") else "chat"


VllmBody = Annotated[
    Annotated[VllmChat, Tag("chat")] | Annotated[PlainBody, Tag("plain")], Discriminator(_kind)
]
LlamaCppBody = Annotated[
    Annotated[LlamaCppChat, Tag("chat")] | Annotated[PlainBody, Tag("plain")],
    Discriminator(_kind),
]
