"""From a card to the contexts that its model may get on a device, with what each costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from configs.catalogue import ModelCard
from configs.settings import Settings, WorkerConfig
from workers.models.facts.model import ModelFacts
from workers.models.tuning.context import LIMIT, OPTION, asked_tokens
from workers.specs.spec import spec_of

from .context import STEPS, ContextUse, chosen_steps
from .estimate import LoadOptions, estimate
from .machine import CPU

LoadOptionsOf = Callable[[ModelCard, str], LoadOptions]
"""From a card and a device."""
PRICED_TOKENS = 1024


class Contexts:
    """What is asked for by settings and cards, and chosen where nobody asks."""

    def __init__(
        self, settings: Settings, capacity_mib: Mapping[str, int], load_options: LoadOptionsOf
    ) -> None:
        """`capacity_mib` is what each device holds in all."""
        self._settings = settings
        self._capacity_mib = capacity_mib
        self._load_options = load_options

    def of(self, card: ModelCard, facts: ModelFacts, device: str) -> tuple[ContextUse, ...]:
        """Return the contexts to try, the longest first; none for a model that keeps no conversation."""
        spec = spec_of(card)
        if spec is None or not spec.has_context or card.is_remote:
            return ()
        config: WorkerConfig = getattr(self._settings.workers, card.modality)
        asked = asked_tokens(card, config.context_tokens, self._settings.memory.context_tokens)
        if asked:
            found: tuple[int, ...] = (_bounded(card, facts, asked),)
        else:
            limit = int(self._settings.limits.get(LIMIT, 0)) or STEPS[-1]
            most = _bounded(card, facts, min(limit, STEPS[-1]))
            need_mib = self._needs(card, facts, device)
            found = chosen_steps(need_mib, self._usable_mib(device), device, most)
        return tuple(
            self._use(card, facts, device, tokens, is_asked=bool(asked)) for tokens in found
        )

    def _needs(self, card: ModelCard, facts: ModelFacts, device: str) -> Callable[[int], float]:
        options = self._load_options(card, device)

        def need_mib(tokens: int) -> float:
            return estimate(card, facts, replace(options, context_tokens=tokens)).high_mib

        return need_mib

    def _usable_mib(self, device: str) -> int:
        """What models may take of a device: not what others must keep, and not more than the budget."""
        memory = self._settings.memory
        budget = memory.budget if device == CPU else memory.vram_budget
        usable_mib = self._capacity_mib.get(device, 0) - (memory.leave_room >> 20)
        return usable_mib if budget is None else min(usable_mib, budget >> 20)

    def _use(
        self, card: ModelCard, facts: ModelFacts, device: str, tokens: int, *, is_asked: bool
    ) -> ContextUse:
        """The price is that of the next tokens, also where the model was not made for them."""
        options = self._load_options(card, device)
        card_without_end = card.model_copy(update={"context_length": 0})
        facts_without_end = replace(facts, context_length=0)
        kv_mib, more_mib = (
            estimate(
                card_without_end, facts_without_end, replace(options, context_tokens=length)
            ).kv_cache_mib
            for length in (tokens, tokens + PRICED_TOKENS)
        )
        slots = 1 if card.modality == "vision" else options.slots
        made_for = (card.context_length, facts.context_length)
        return ContextUse(
            tokens=tokens,
            made_for=min((length for length in made_for if length), default=0),
            slots=slots,
            mib_per_1024=(more_mib - kv_mib) / slots,
            is_asked=is_asked,
        )


def _bounded(card: ModelCard, facts: ModelFacts, wanted: int) -> int:
    """Never more than the model was made for."""
    known = (wanted, card.context_length, facts.context_length)
    return min(length for length in known if length > 0)


def context_option(use: ContextUse) -> dict[str, int]:
    """Return what tells an engine of it, as an entry of a card's options."""
    return {OPTION: use.tokens}
