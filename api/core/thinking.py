"""The many words by which clients say whether and how long a model thinks → `Thinking`.

Source: docs of OpenAI (reasoning_effort), DeepSeek and Anthropic (thinking), llama.cpp and vLLM
(chat_template_kwargs, budgets), Ollama (think). What is said first wins, in this order: the dialect's own
word, `chat_template_kwargs`, an effort; the model's card or template has the last word.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AliasChoices, BaseModel, Field

from workers.messages import Thinking

OFF = ("none", "off")
"""Efforts that switch thoughts off; every other one switches them on, and its template may know it."""


class ThinkingSwitch(BaseModel):
    """DeepSeek's and Anthropic's `thinking`."""

    type: Literal["enabled", "disabled", "adaptive", "auto"] = "enabled"
    budget_tokens: int | None = Field(default=None, ge=0)


class Reasoning(BaseModel):
    """`reasoning` of the Responses API."""

    effort: str | None = None
    summary: str | None = None


class ThinkingBody(BaseModel):
    """Keys of a chat body, whichever its clients send."""

    thinking: ThinkingSwitch | bool | None = None
    think: bool | str | None = None
    enable_thinking: bool | None = None
    chat_template_kwargs: dict[str, Any] | None = None
    reasoning_effort: str | None = None
    reasoning: Reasoning | None = None
    thinking_budget: int | None = Field(
        default=None,
        ge=-1,
        validation_alias=AliasChoices(
            "thinking_budget",
            "thinking_token_budget",
            "thinking_budget_tokens",
            "reasoning_budget",
            "budget_tokens",
        ),
    )
    """Tokens; 0: no thoughts; −1: no bound."""


def thinking_of(body: ThinkingBody) -> Thinking:
    """Return what a body says; what it leaves out stays open."""
    switches = [*_own(body), *_of_template(body.chat_template_kwargs or {})]
    effort = _effort(body)
    budget = _budget(body)
    is_on = next((switch for switch in switches if switch is not None), None)
    if is_on is None and effort:
        is_on = effort not in OFF
    if budget == 0:
        is_on = False
    return Thinking(
        is_on=is_on,
        effort="" if effort in OFF else effort,
        max_tokens=None if budget is None or budget <= 0 else budget,
    )


def _own(body: ThinkingBody) -> list[bool | None]:
    thinking = body.thinking
    if isinstance(thinking, ThinkingSwitch):
        thinking = {"enabled": True, "disabled": False}.get(thinking.type)
    think = body.think if isinstance(body.think, bool) else None
    return [thinking, think, body.enable_thinking]


def _of_template(kwargs: dict[str, Any]) -> list[bool | None]:
    said = [kwargs.get(name) for name in ("enable_thinking", "thinking")]
    return [value if isinstance(value, bool) else None for value in said]


def _effort(body: ThinkingBody) -> str:
    level = body.think if isinstance(body.think, str) else None
    in_template = (body.chat_template_kwargs or {}).get("reasoning_effort")
    of_reasoning = body.reasoning.effort if body.reasoning else None
    return str(level or in_template or body.reasoning_effort or of_reasoning or "").lower()


def _budget(body: ThinkingBody) -> int | None:
    if isinstance(body.thinking, ThinkingSwitch) and body.thinking.budget_tokens is not None:
        return body.thinking.budget_tokens
    return body.thinking_budget
