"""LLM API's bodies, in the spellings of its first and its last version.

Source: LLM API 0.0.1 (`n_predict`, `temp`) and 0.1.2 (`max_tokens`, `temperature`); the families
huggingface and autoawq pass transformers' own names.
"""

from __future__ import annotations

from pydantic import AliasChoices, BaseModel, Field


class Params(BaseModel):
    """How to sample. Names that no version knows are ignored.

    `logprobs` is accepted and has no effect, as in the original: a bare string has no place for them.
    """

    max_tokens: int = Field(
        default=300, validation_alias=AliasChoices("n_predict", "max_tokens", "max_new_tokens")
    )
    """Below 1: until the context is full, as in llama.cpp's bindings."""
    temperature: float = Field(default=0.1, validation_alias=AliasChoices("temp", "temperature"))
    top_k: int = 40
    """Below 1: all tokens."""
    top_p: float = 0.95
    stop: str | list[str] | None = None
    repeat_penalty: float = Field(
        default=1.3, validation_alias=AliasChoices("repeat_penalty", "repetition_penalty")
    )
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    min_p: float | None = None
    typical_p: float | None = None
    seed: int | None = None
    suffix: str | None = None
    """Put after the answer."""
    echo: bool = False
    """Put the prompt before the answer."""


class GenerateRequest(BaseModel):
    """POST /generate and /agenerate."""

    prompt: str
    params: Params | None = None
