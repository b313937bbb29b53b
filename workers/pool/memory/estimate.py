"""What a model will need, estimated from its facts before any byte of it is loaded.

One file per family of engines holds the arithmetic and where its numbers come from; the engine's
record says which. Pure: the same card, facts and options give the same estimate.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from configs.catalogue import ModelCard
from workers.models.facts.model import ModelFacts
from workers.specs.spec import resolve, spec_of

from .memory_estimate import LoadOptions as LoadOptions
from .memory_estimate import MemoryEstimate as MemoryEstimate

Estimate = Callable[[ModelCard, ModelFacts, LoadOptions], MemoryEstimate]

REMOTE_MIB = 90
"""A worker that calls another server: Python and the `openai` or `anthropic` package, measured."""
UNKNOWN_ERROR = 0.5


def estimate(card: ModelCard, facts: ModelFacts, options: LoadOptions) -> MemoryEstimate:
    """Return the peak that a worker with this model will reach when it is used with these options."""
    if card.is_remote:
        return _flat(REMOTE_MIB, 0.25)
    spec = spec_of(card)
    if spec is None or not spec.memory or not facts.total_bytes:
        return _flat(card.memory_mib, UNKNOWN_ERROR)
    return _estimator_of(spec.memory)(card, facts, options)


@lru_cache
def _estimator_of(target: str) -> Estimate:
    found: Estimate = resolve(target)
    return found


def _flat(num_mib: float, error: float) -> MemoryEstimate:
    return MemoryEstimate(
        weights_mib=0.0, kv_cache_mib=0.0, activations_mib=0.0, runtime_mib=num_mib, error=error
    )
