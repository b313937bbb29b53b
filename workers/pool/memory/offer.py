"""From a prompt that was too long to the offer of a longer context. Pure but for the plan."""

from __future__ import annotations

import logging
from collections.abc import Callable

from configs.catalogue import ModelCard
from configs.errors import ConfigError
from workers.messages.context_offer import ContextOffer
from workers.messages.errors import AppError
from workers.models.tuning.context import OPTION

from .context import step_for
from .placement import with_options
from .plan import Plan

log = logging.getLogger("quintet.memory")


def context_offer(
    card: ModelCard, num_tokens: int, plan: Callable[[ModelCard], Plan]
) -> ContextOffer | None:
    """Return the same model with room for so many tokens; None if it was made for less, or has no context.

    `plan` says what loading a card's model would take now; where it cannot (a file has changed, say), nothing
    is offered: that the prompt was too long is what must be told.
    """
    try:
        return _offer(card, num_tokens, plan)
    except (AppError, ConfigError) as err:
        log.warning("no longer context is offered for %s: %s", card.name, err)
        return None


def _offer(
    card: ModelCard, num_tokens: int, plan: Callable[[ModelCard], Plan]
) -> ContextOffer | None:
    now = plan(card).placement.context
    if now is None:
        return None
    tokens = step_for(num_tokens, now.made_for)
    if tokens <= num_tokens:
        return None
    longer = plan(with_options(card, {OPTION: tokens}))
    return ContextOffer(
        model_id=card.id,
        modality=card.modality,
        tokens=tokens,
        fits=longer.outcome != "too_large",
        plan=f"{longer.words}: {longer.numbers}.",
    )
