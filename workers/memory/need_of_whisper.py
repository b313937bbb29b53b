"""What Whisper needs in CTranslate2."""

from __future__ import annotations

from configs.catalogue import ModelCard
from configs.model_facts import ModelFacts

from .need import Demand, Footprint

MIB = 1 << 20
RUNTIME_MIB = 120


def predict_whisper(card: ModelCard, facts: ModelFacts, demand: Demand) -> Footprint:
    """Return the need of hearing windows of 30 s; the length of a recording costs nothing."""
    return Footprint(
        weights_mib=facts.total_bytes / MIB,
        kv_cache_mib=0.0,
        activations_mib=180.0 * demand.slots,
        runtime_mib=RUNTIME_MIB,
        error=0.35,
    )
