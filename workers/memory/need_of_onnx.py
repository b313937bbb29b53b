"""What ONNX models need: Piper's voices and the three models that read text in pictures."""

from __future__ import annotations

from configs.catalogue import ModelCard
from configs.model_facts import ModelFacts

from .need import Demand, Footprint

MIB = 1 << 20
VOICE_RUNTIME_MIB = 80
OCR_RUNTIME_MIB = 120


def predict_voice(card: ModelCard, facts: ModelFacts, demand: Demand) -> Footprint:
    """Return the need of a voice; sentences are spoken one by one, so long texts cost nothing."""
    return Footprint(
        weights_mib=facts.total_bytes / MIB,
        kv_cache_mib=0.0,
        activations_mib=300.0 * demand.slots,
        runtime_mib=VOICE_RUNTIME_MIB,
        error=0.35,
    )


def predict_ocr(card: ModelCard, facts: ModelFacts, demand: Demand) -> Footprint:
    """Return the need of reading the largest picture that is worked on."""
    return Footprint(
        weights_mib=facts.total_bytes / MIB,
        kv_cache_mib=0.0,
        activations_mib=400.0 * demand.slots,
        runtime_mib=OCR_RUNTIME_MIB,
        error=0.35,
    )
