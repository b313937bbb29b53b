"""What a GGUF model needs in llama.cpp, with the settings of `workers.text.llamacpp`.

    weights      every tensor as it lies in the file
    KV cache     2 × layers × KV heads × head dimension × context × slots × 34/32 bytes (q8_0: 32
                 values and a 16-bit scale); a sliding layer keeps its window only
    activations  buffers of one batch: the logits, and what a layer works on
    runtime      Python, llama.cpp, and the prompts that wait in RAM

Source: llama.cpp's src/llama-kv-cache.cpp, llama-model.cpp and tools/server; constants measured,
see docs/memory.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from configs.catalogue import ModelCard
from configs.model_facts import ModelFacts

from .facts import facts_of_card
from .need import Demand, Footprint

MIB = 1 << 20
DEFAULT_CONTEXT_TOKENS = 4096
"""As `workers.text.llamacpp`."""
BATCH_TOKENS = 32
"""As `workers.text.llamacpp_json`."""
PROMPT_CACHE_MIB = 128
"""As `workers.text.llamacpp`."""
KV_BYTES = 34 / 32
"""Per value in q8_0."""
CONTEXT_STEP = 256
"""llama.cpp rounds the context of a slot up to this."""

RUNTIME_MIB = 62
EMBEDDER_RUNTIME_MIB = 130
"""With Chroma, tokenizers and the readers of documents."""
CUDA_CONTEXT_MIB = 400
ERROR_OF_FILE = 0.15
ERROR_OF_CARD = 0.25


def predict_llamacpp(card: ModelCard, facts: ModelFacts, demand: Demand) -> Footprint:
    """Return the need of a model that writes, with a projector if it sees."""
    context = context_tokens(card, demand)
    weights = facts.total_bytes + facts.projector_bytes
    kv_cache = _kv_bytes(facts, context) * demand.slots
    activations = _activation_bytes(facts, context, demand)
    cache = min(PROMPT_CACHE_MIB * MIB, kv_cache)
    for extra in demand.extra_cards:
        weights += facts_of_card(extra).total_bytes
    runtime = RUNTIME_MIB + cache / MIB
    share = _share_on_gpu(card.options, facts, demand)
    error = ERROR_OF_FILE if facts.is_from_files else ERROR_OF_CARD
    if share == 0:
        return Footprint(
            weights_mib=weights / MIB,
            kv_cache_mib=kv_cache / MIB,
            activations_mib=activations / MIB,
            runtime_mib=runtime,
            error=error,
        )
    return Footprint(
        weights_mib=weights * share / MIB,
        kv_cache_mib=kv_cache * share / MIB,
        activations_mib=activations / MIB,
        runtime_mib=CUDA_CONTEXT_MIB,
        error=error,
        host_mib=runtime + (weights + kv_cache) * (1 - share) / MIB,
    )


def context_tokens(card: ModelCard, demand: Demand) -> int:
    """Return how many tokens one slot holds, reckoned as the engine does."""
    wanted = demand.context_tokens or int(card.options.get("context_tokens") or 0)
    wanted = wanted or DEFAULT_CONTEXT_TOKENS
    return min(card.context_length or wanted, wanted)


def _kv_bytes(facts: ModelFacts, context: int) -> float:
    """Of one slot."""
    padded = math.ceil(context / CONTEXT_STEP) * CONTEXT_STEP
    sliding = min(padded, facts.sliding_window + BATCH_TOKENS) if facts.sliding_window else padded
    share = facts.num_sliding_layers / max(1, facts.num_layers)
    tokens = padded * (1 - share) + sliding * share
    return facts.kv_values_per_token * tokens * KV_BYTES


def _activation_bytes(facts: ModelFacts, context: int, demand: Demand) -> float:
    batch = max(BATCH_TOKENS, demand.slots)
    widths = facts.vocab_size + 4 * facts.hidden_size + 3 * facts.feed_forward_size
    return 4.0 * batch * widths


def _share_on_gpu(options: Mapping[str, Any], facts: ModelFacts, demand: Demand) -> float:
    """Return which share of the layers goes to the graphics card; unsaid: all."""
    if demand.device == "cpu":
        return 0.0
    wanted = int(options.get("gpu_layers", -1))
    all_layers = facts.num_layers + 1
    return 1.0 if wanted < 0 else min(1.0, wanted / all_layers)


def predict_embedder(card: ModelCard, facts: ModelFacts, demand: Demand) -> Footprint:
    """Return the need of documents' search: the embedder in 16 bits, Chroma and the readers."""
    weights = facts.total_bytes
    if not card.weight_file.endswith(".gguf"):
        weights = weights // 2  # converted to 16 bits once
    for extra in demand.extra_cards:
        weights += facts_of_card(extra).total_bytes
    return Footprint(
        weights_mib=weights / MIB,
        kv_cache_mib=0.0,
        activations_mib=40.0,
        runtime_mib=EMBEDDER_RUNTIME_MIB,
        error=0.25,
    )
