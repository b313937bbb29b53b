"""What a model needs in PyTorch: transformers, GPTQ and AWQ, sentence-transformers, Coqui, vLLM.

On a CPU, the peak is at loading: the file is mapped and read while the weights are made of it in
float32, or quantised, matrix by matrix in float32, whose memory is not all given back. Weights that
are used as they lie in the file stay mapped and are counted once. After that, the file's pages are free for KV cache and activations.

On a GPU, weights are as wide as computation (16 bits), NF4 is 0.5 byte and a scale of one byte for 64
values, with a float32 for 256 scales; int8 is one byte. The file passes through RAM as mapped pages,
which the system takes back at will: beside the libraries, only the tensors under way are counted.

Source: `workers.engines.common.torch.loading`; arXiv:2305.14314, section 3, for NF4's double quantisation; measured
on Llamas of 55 and 187 million random weights (CPU). The GPU's numbers are estimated, not measured.
"""

from __future__ import annotations

from configs.catalogue import ModelCard
from workers.models.facts.model import ModelFacts

from .estimate_llamacpp import context_tokens
from .facts import facts_of_card
from .memory_estimate import LoadOptions, MemoryEstimate

MIB = 1 << 20
RUNTIME_MIB = 395
"""Python, torch and transformers after loading a model; measured."""
BITSANDBYTES_MIB = 60
SENTENCES_MIB = 210
"""sentence-transformers with what it imports; measured."""
CUDA_CONTEXT_MIB = 500
"""torch's kernels, cuBLAS and the driver's context; 300 to 600 by card and driver."""
WIDTHS = {"float32": 4, "bfloat16": 2, "float16": 2}
FILE_TYPES = {"float32": "F32", "bfloat16": "BF16", "float16": "F16"}
QUANTIZED = {"nf4": 0.5 + 1 / 64 + 4 / (64 * 256), "int8": 1.0 + 1 / 256}
"""Bytes per value of what is quantised."""
QUANTIZING_SHARE, QUANTIZING_MAX_MIB = 0.5, 1024
"""What quantising on a CPU leaves behind, as a share of the float32 matrices: 0.15 to 0.7 measured."""
PREFILL_TOKENS = 512
"""As `workers.engines.common.torch.generation`."""
ERROR_OF_FILE, ERROR_OF_CARD, ERROR_OF_QUANTIZING = 0.15, 0.3, 0.15
GPU_ERROR_OF_FILE, GPU_ERROR_OF_CARD, GPU_ERROR_OF_QUANTIZING = 0.1, 0.15, 0.05
"""Nothing is left over there, and nothing is mapped: only the context and activations are guessed."""
HOST_OF_CUDA_MIB = 600
"""CUDA's libraries in RAM; estimated."""
UNDER_WAY_MIB = 512


def estimate_torch(card: ModelCard, facts: ModelFacts, options: LoadOptions) -> MemoryEstimate:
    """Return the need of a model in PyTorch."""
    on_gpu = options.device != "cpu"
    dtype = str(card.options.get("dtype") or ("bfloat16" if on_gpu else "float32"))
    width = WIDTHS.get(dtype, 4)
    context = context_tokens(card, facts, options)
    kv_cache = facts.kv_values_per_token * context * options.slots * width / MIB
    activations = _activation_bytes(facts, context, options) * width / MIB
    file_mib = (facts.total_bytes + facts.projector_bytes) / MIB
    made = _made_bytes(card, facts, dtype, on_gpu=on_gpu) / MIB
    extra = sum(facts_of_card(card).total_bytes for card in options.extra_cards) / MIB
    runtime = RUNTIME_MIB + (BITSANDBYTES_MIB if card.options.get("load_in") else 0)
    runtime += SENTENCES_MIB if card.modality == "rag" else 0
    error = _error(facts, is_quantizing="load_in" in card.options, on_gpu=on_gpu)
    if on_gpu:
        return MemoryEstimate(
            weights_mib=(made or file_mib) + extra,
            kv_cache_mib=kv_cache,
            activations_mib=activations,
            runtime_mib=CUDA_CONTEXT_MIB,
            error=error,
            host_mib=runtime + HOST_OF_CUDA_MIB + min(file_mib, UNDER_WAY_MIB),
        )
    mapped = max(0.0, file_mib - kv_cache - activations) if made else file_mib
    return MemoryEstimate(
        weights_mib=mapped + made + extra,
        kv_cache_mib=kv_cache,
        activations_mib=activations,
        runtime_mib=runtime,
        error=error,
    )


def _error(facts: ModelFacts, *, is_quantizing: bool, on_gpu: bool) -> float:
    if on_gpu:
        base = GPU_ERROR_OF_FILE if facts.is_from_files else GPU_ERROR_OF_CARD
        return base + (GPU_ERROR_OF_QUANTIZING if is_quantizing else 0.0)
    base = ERROR_OF_FILE if facts.is_from_files else ERROR_OF_CARD
    return base + (ERROR_OF_QUANTIZING if is_quantizing else 0.0)


def _made_bytes(card: ModelCard, facts: ModelFacts, dtype: str, *, on_gpu: bool) -> float:
    """Return the bytes of the weights that are made of the file's; 0 where they stay as they lie."""
    load_in = card.options.get("load_in")
    elements = facts.linear_elements + facts.other_elements
    width = WIDTHS.get(dtype, 4)
    if load_in in QUANTIZED:
        left = QUANTIZING_SHARE * facts.linear_elements * WIDTHS["float32"]
        left = 0.0 if on_gpu else min(left, QUANTIZING_MAX_MIB * MIB)
        return facts.linear_elements * QUANTIZED[load_in] + facts.other_elements * width + left
    kinds = set(facts.weights_bytes)
    is_packed = bool(kinds & {"I32", "U8", "I8", "gptq", "awq"})
    if is_packed or kinds == {FILE_TYPES.get(dtype)}:
        return 0.0
    return float(elements * width)


def _activation_bytes(facts: ModelFacts, context: int, options: LoadOptions) -> int:
    """Values that one layer works on, of the piece of a prompt that is read at once, and logits."""
    tokens = min(context, max(PREFILL_TOKENS, options.image_tokens or facts.image_tokens))
    per_token = 3 * facts.feed_forward_size + 8 * facts.hidden_size
    return (tokens * per_token + 2 * facts.vocab_size) * options.slots
