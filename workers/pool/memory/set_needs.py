"""What the models of a recommended set need together, by the estimates that the scheduler uses. Pure.

Without a context of 8,192 tokens and one way to read prompts the numbers would differ from machine to
machine, and so would the table in docs/models.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from configs.catalogue import ModelCard
from configs.sets import ModelSet, Part

from .estimate import LoadOptions, MemoryEstimate, estimate
from .facts import facts_of_card
from .machine import CPU, CUDA

CONTEXT_TOKENS, BATCH_TOKENS, THREADS = 8192, 512, 4
WORKERS: tuple[Part, ...] = ("text", "stt", "tts", "rag")
"""Parts with a process of their own, those first that should stay awake longest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetNeeds:
    """One set's memory, in MiB, with all its models known from their cards alone."""

    estimates: Mapping[Part, MemoryEstimate]
    together_mib: Mapping[str, int]
    """Best guess of those that are awake together, by device."""
    awake: tuple[Part, ...]
    """Those that fit beside each other; the others take their turn."""


def needs_of(model_set: ModelSet, cards: Mapping[str, ModelCard]) -> SetNeeds:
    """Return what a set needs. Raises: KeyError if it names a card that is not there."""
    room = {CPU: model_set.free_ram_mib, CUDA: model_set.free_card_mib}
    estimates = {part: _estimate(model_set, part, cards) for part in WORKERS}
    together: Counter[str] = Counter()
    awake: list[Part] = []
    for part, found in estimates.items():
        more = together + Counter(on_devices(found, is_on_card=part in model_set.on_card))
        if all(mib <= room[device] for device, mib in more.items()):
            together = more
            awake.append(part)
    return SetNeeds(estimates=estimates, together_mib=dict(together), awake=tuple(awake))


def _estimate(model_set: ModelSet, part: Part, cards: Mapping[str, ModelCard]) -> MemoryEstimate:
    card = cards[model_set.model_of(part)]
    same = card.model_copy(update={"options": {**card.options, "batch_tokens": BATCH_TOKENS}})
    options = LoadOptions(
        device=CUDA if part in model_set.on_card else CPU,
        slots=int(card.options.get("slots") or 1),
        threads=THREADS,
        context_tokens=CONTEXT_TOKENS if part == "text" else 0,
        extra_cards=(cards[model_set.reranker],) if part == "rag" else (),
    )
    return estimate(same, facts_of_card(card), options)


def on_devices(found: MemoryEstimate, *, is_on_card: bool) -> dict[str, int]:
    """Return what one model takes of each device, in MiB; of RAM always."""
    if is_on_card:
        return {CUDA: found.total_mib, CPU: round(found.host_mib)}
    return {CPU: found.total_mib}
