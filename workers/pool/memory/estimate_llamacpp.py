"""What a GGUF model needs in llama.cpp, with the settings of our engines.

    weights      every tensor as it lies in the file, which is mapped; on a CPU those of some types
                 a second time, in an order that its vector units like
    KV cache     layers × KV heads × (key + value dimension) × context × slots × 2 bytes (f16) or
                 34/32 (q8_0: 32 values and a 16-bit scale); a sliding layer keeps its window only,
                 a recurrent one its state
    activations  what a layer works on for one batch, and one row of logits for each slot
    runtime      Python and llama.cpp, the vocabulary, and in RAM the prompts that wait and the
                 checkpoints of layers that slide or recur: from nothing to one conversation or more,
                 so half of it is counted and the rest is in the band

Source: llama.cpp's src/llama-kv-cache.cpp, src/llama-vocab.cpp, ggml/src/ggml-cpu/repack.cpp. Measured
on SmolLM2-135M and Qwen2.5-Coder-0.5B with contexts of 512 to 16,384 and 1 to 4 slots: without the
waiting prompts, within 3 % (benchmarks/memory.py).
"""

from __future__ import annotations

import math

from configs.catalogue import ModelCard
from workers.models.facts.gguf_embedder import ENCODERS
from workers.models.facts.model import ModelFacts
from workers.models.tuning.checkpoints import checkpoint_bytes, num_checkpoints
from workers.models.tuning.context import LEAST_TOKENS
from workers.models.tuning.embedding_sizes import num_sequences, text_tokens
from workers.models.tuning.run_settings import KV_BYTES, PICTURE_BATCH, run_settings
from workers.models.tuning.waiting_prompts import waiting_mib
from workers.pool.threads import usable_cores

from .facts import facts_of_card
from .memory_estimate import LoadOptions, MemoryEstimate

MIB = 1 << 20
VISION_KV_TYPE = "q8_0"
"""As `workers.engines.vision.llamacpp`."""
CONTEXT_STEP = 256
"""llama.cpp rounds the context of a slot up to this."""
REPACKED = ("IQ4_NL", "MXFP4", "Q4_0", "Q4_K")
"""Types that a CPU with AVX2 or NEON keeps in a second order; seen for Q4_K, the others by source."""

RUNTIME_MIB = 54
"""Python with our modules 35, llama.cpp's libraries 10, its server 9; measured."""
VOCABULARY_BYTES = 440
"""Per token: its text, its two maps and the merges; from vocabularies of 49,152 and 151,936."""
CUDA_CONTEXT_MIB = 400
"""Driver's context, kernels and cuBLAS; 300 to 500 by card and driver. Estimated, not measured."""
BASE_ERROR = 0.04
GPU_ERROR = 0.15
MOST_ERROR = 0.95
CARD_ERROR = 0.12
"""More, where only the card is known: files of one name differ."""

EMBEDDER_RUNTIME_MIB = 178
"""Python, Chroma and its index, tokenizers, the readers of documents, llama.cpp; measured."""
EMBEDDER_ERROR = 0.2


def estimate_llamacpp(card: ModelCard, facts: ModelFacts, options: LoadOptions) -> MemoryEstimate:
    """Return the need of a model that writes, with a projector if it sees."""
    slots = 1 if card.modality == "vision" else options.slots
    batch, kv_type = PICTURE_BATCH, VISION_KV_TYPE
    if card.modality != "vision":
        chosen = run_settings(card, options.threads or usable_cores(), options.device)
        batch, kv_type = chosen.batch_tokens, chosen.kv_type
        if card.sees:  # as much as a projector may ask for; some are content with less
            batch = max(batch, PICTURE_BATCH)
    weights = (facts.total_bytes + facts.projector_bytes + _extra_bytes(options)) / MIB
    context = context_tokens(card, facts, options)
    values = _kv_values(facts, context) * slots
    kv_cache = (values * KV_BYTES[kv_type] + facts.recurrent_bytes * slots) / MIB
    pictures = 2 * facts.projector_bytes / 10 if card.serves("vision") else 0.0
    activations = (_activation_bytes(facts, batch, slots) + pictures) / MIB
    waiting = slots * num_checkpoints(context) * checkpoint_bytes(facts, context, kv_type) / MIB
    if card.modality != "vision":  # pictures are asked about once, and do not wait
        waiting += waiting_mib(facts, context, kv_type)
    waiting /= 2
    runtime = RUNTIME_MIB + VOCABULARY_BYTES * facts.vocab_size / MIB + waiting
    share = _share_on_gpu(card, facts, options)
    repacked = _repacked_bytes(facts) / MIB
    doubt = BASE_ERROR + (0.0 if facts.is_from_files else CARD_ERROR)
    if share == 0:
        total = weights + repacked + kv_cache + activations + runtime
        return MemoryEstimate(
            weights_mib=weights + repacked,
            kv_cache_mib=kv_cache,
            activations_mib=activations,
            runtime_mib=runtime,
            error=min(MOST_ERROR, doubt + waiting / total),
        )
    return MemoryEstimate(
        weights_mib=weights * share,
        kv_cache_mib=kv_cache * share,
        activations_mib=activations,
        runtime_mib=CUDA_CONTEXT_MIB,
        error=doubt + GPU_ERROR - BASE_ERROR,
        host_mib=runtime + (weights + repacked + kv_cache) * (1 - share),
    )


def context_tokens(card: ModelCard, facts: ModelFacts, options: LoadOptions) -> int:
    """Return how many tokens one slot holds: as many as are asked for, if the model was made for them."""
    wanted = options.context_tokens or int(card.options.get("context_tokens") or LEAST_TOKENS)
    known = (wanted, card.context_length, facts.context_length)
    return min(length for length in known if length > 0)


def _kv_values(facts: ModelFacts, context: int) -> int:
    """Of one slot."""
    padded = math.ceil(context / CONTEXT_STEP) * CONTEXT_STEP
    sliding = min(padded, facts.sliding_window + CONTEXT_STEP)
    return facts.whole_kv_values * padded + facts.sliding_kv_values * sliding


def _activation_bytes(facts: ModelFacts, batch: int, slots: int) -> float:
    rows = batch * (2.5 * facts.feed_forward_size + 3 * facts.hidden_size)
    return 4.0 * (rows + slots * facts.vocab_size)


def _repacked_bytes(facts: ModelFacts) -> float:
    """Nearly all of a file that is known by its name alone is of the type that it is named for."""
    if facts.is_from_files:
        return float(sum(facts.weights_bytes.get(kind, 0) for kind in REPACKED))
    is_repacked = any(name.startswith(("q4_0", "q4_k", "iq4_nl")) for name in facts.weights_bytes)
    return 0.65 * facts.total_bytes if is_repacked else 0.0


def _share_on_gpu(card: ModelCard, facts: ModelFacts, options: LoadOptions) -> float:
    """Return which share of the layers goes to the graphics card; unsaid: all."""
    if options.device == "cpu":
        return 0.0
    wanted = int(card.options.get("gpu_layers", -1))
    return 1.0 if wanted < 0 else min(1.0, wanted / (facts.num_layers + 1))


def _extra_bytes(options: LoadOptions) -> int:
    return sum(facts_of_card(extra).total_bytes for extra in options.extra_cards)


def estimate_embedder(card: ModelCard, facts: ModelFacts, options: LoadOptions) -> MemoryEstimate:
    """Return the need of documents' search: the embedder, Chroma and the readers of files.

    What a text may have of tokens decides: the settings' context is of conversations.
    """
    is_gguf = card.weight_file.endswith(".gguf")
    is_encoder = facts.architecture in ENCODERS or not is_gguf
    weights = facts.total_bytes if is_gguf else facts.total_bytes / 2  # made 16 bits wide, once
    weights = (weights + _extra_bytes(options)) / MIB
    sequences = num_sequences(options.device, is_encoder=is_encoder)
    tokens = text_tokens(card, facts.context_length, is_encoder=is_encoder) * sequences
    cache = 0.0 if is_encoder else _kv_values(facts, tokens) * KV_BYTES["f16"] / MIB
    activations = _activation_bytes(facts, tokens, sequences) / MIB
    runtime = EMBEDDER_RUNTIME_MIB + VOCABULARY_BYTES * facts.vocab_size / MIB
    share = _share_on_gpu(card, facts, options)
    on_gpu = share > 0
    return MemoryEstimate(
        weights_mib=weights * share if on_gpu else weights,
        kv_cache_mib=cache * share if on_gpu else cache,
        activations_mib=activations,
        runtime_mib=CUDA_CONTEXT_MIB if on_gpu else runtime,
        error=EMBEDDER_ERROR,
        host_mib=runtime + (weights + cache) * (1 - share) if on_gpu else 0.0,
    )
