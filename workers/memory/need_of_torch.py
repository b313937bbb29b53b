"""What a model needs in PyTorch: transformers, GPTQ and AWQ, sentence-transformers, Coqui."""

from __future__ import annotations

from configs.catalogue import ModelCard
from configs.model_facts import ModelFacts

from .facts import facts_of_card
from .need import Demand, Footprint

MIB = 1 << 20
RUNTIME_MIB = 480
CUDA_CONTEXT_MIB = 500
NF4_BYTES = 0.5 + 1 / 64 + 4 / (64 * 256)
INT8_BYTES = 1.0


def predict_torch(card: ModelCard, facts: ModelFacts, demand: Demand) -> Footprint:
    """Return the need of a model in PyTorch."""
    weights = float(facts.total_bytes + facts.projector_bytes)
    load_in = card.options.get("load_in") or card.quantization
    if load_in == "nf4":
        weights = facts.linear_elements * NF4_BYTES + facts.other_elements * 2
    elif load_in == "int8":
        weights = facts.linear_elements * INT8_BYTES + facts.other_elements * 2
    for extra in demand.extra_cards:
        weights += facts_of_card(extra).total_bytes
    context = demand.context_tokens or int(card.options.get("context_tokens") or 4096)
    context = min(card.context_length or context, context)
    kv_cache = facts.kv_values_per_token * context * demand.slots * 2
    activations = context * demand.slots * (4 * facts.hidden_size + 2 * facts.feed_forward_size) * 4
    on_gpu = demand.device != "cpu"
    return Footprint(
        weights_mib=weights / MIB,
        kv_cache_mib=kv_cache / MIB,
        activations_mib=activations / MIB,
        runtime_mib=CUDA_CONTEXT_MIB if on_gpu else RUNTIME_MIB,
        error=0.35,
        host_mib=RUNTIME_MIB if on_gpu else 0.0,
    )
