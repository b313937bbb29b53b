"""How many tokens one conversation of a model may hold: who says so, and what is taken if nobody does.

A worker's engine and the memory estimate ask here. What is chosen from the memory there is
(`workers.pool.memory.context`) reaches the engine as its card's option, like what a person asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from configs.catalogue import ModelCard
from workers.messages.errors import OutOfMemoryError, UnsupportedInputError
from workers.models.pool_protocol import LoadPlan

OPTION = "context_tokens"
"""Of a card: counts before every setting."""
LIMIT = "max_context_tokens"
"""Of the settings' `limits`: what nobody asked for is never more."""
LEAST_TOKENS = 4096
"""Enough for a chat or for an answer from passages; less is only given to who asks for it."""
FEWEST_TOKENS = 256
"""llama.cpp's step."""


def asked_tokens(card: ModelCard, *settings: int | None) -> int:
    """Return what somebody asks for: the card's option, else the first setting that is one; 0: nobody does."""
    return int(card.options.get(OPTION) or 0) or next((int(s) for s in settings if s), 0)


def context_tokens(card: ModelCard, limits: Mapping[str, float], made_for: int = 0) -> int:
    """Return what one slot holds. `made_for`: tokens that the model's files name, 0 if they name none.

    Never more than the model was made for, by its card or its files; where nobody has asked or chosen
    (a worker without a pool), `LEAST_TOKENS`, or the limit if it is less.
    """
    limit = int(limits.get(LIMIT) or LEAST_TOKENS)
    wanted = asked_tokens(card) or min(limit, LEAST_TOKENS)
    return min(length for length in (wanted, card.context_length, made_for) if length > 0)


def with_context(card: ModelCard, tokens: int, plan: Callable[[ModelCard], LoadPlan]) -> ModelCard:
    """Return the card with a context of so many tokens.

    Raises: UnsupportedInputError if the model keeps no conversation, or was made for fewer;
    OutOfMemoryError with the numbers if there is no room whoever leaves.
    """
    longer = card.model_copy(update={"options": {**card.options, OPTION: tokens}})
    if tokens < FEWEST_TOKENS:
        raise UnsupportedInputError(
            f"A context of {tokens:,} tokens is too short.", f"Ask for {FEWEST_TOKENS} or more."
        )
    load_plan = plan(longer)
    if load_plan.context is None:
        raise UnsupportedInputError(
            f"{card.name} has no context whose length could be chosen here."
        )
    made_for = load_plan.context.made_for
    if made_for and tokens > made_for:
        raise UnsupportedInputError(
            f"{card.name} was made for {made_for:,} tokens, not for {tokens:,}.",
            f"Ask for {made_for:,} or fewer, or choose another model.",
        )
    if load_plan.outcome == "too_large":
        raise OutOfMemoryError(
            f"{card.name} with {tokens:,} tokens {load_plan.words}: {load_plan.numbers}.",
            "Ask for fewer tokens, use fewer slots, or let other models sleep.",
        )
    return longer
