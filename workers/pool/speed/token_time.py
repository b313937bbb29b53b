"""Seconds that writing one token takes, from a model's own numbers and two figures of the device. Pure.

    weights     every byte that a token reads ÷ bytes per second: of experts, those that work for it
    products    values of those weights × `FLOPS_PER_VALUE` ÷ flops: how a type is unpacked counts more
                than the two operations themselves
    KV cache    on a CPU, what comes up for a key or value and for a query's is computing, not reading
    overhead    threads meet after each step of a layer; sampling

The constants of the CPU were fitted on one core of a Zen 5 (34 GB/s, 122 GFLOP/s of float32 by OpenBLAS)
to processor seconds of llama.cpp with SmolLM2-135M and Qwen2.5-Coder-0.5B in Q4_0, Q4_1, Q5_0, Q5_1, Q8_0,
Q4_K_M and F16, at 42 and 828 tokens of context: median error 3 %, largest 10 %. Those of graphics cards
are estimated, not measured. See docs/speed.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workers.models.facts.model import ModelFacts

from .device_speed import DeviceSpeed

DIRECT_TYPES = ("F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_K", "IQ4_NL", "MXFP4")
"""Types with kernels that need no unpacking, or whose order in memory is made for vector units."""
FLOPS_DIRECT, FLOPS_UNPACKED = 1.2, 3.3
"""What a weight costs, in operations of a float32 product of matrices."""
FLOPS_PER_CACHED, FLOPS_PER_QUERY = 89.0, 18.0
"""What a key or value in the cache costs, and each of a query's values for a token of the context."""
FIXED_S, LAYER_S = 0.2e-3, 0.045e-3
GPU_SHARE = 0.7
"""Of a card's bandwidth that is reached."""
GPU_LAYER_S = 0.03e-3
"""To start a layer's kernels."""

VALUES_PER_BYTE = {"F32": 1 / 4, "F16": 1 / 2, "BF16": 1 / 2, "F8_E4M3": 1.0, "I8": 1.0}
"""Of types that ggml does not know, beside its own."""
USUAL_VALUES_PER_BYTE = 1 / 0.6
"""Of names that say no type: four bits and their scales."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenWork:
    """What one token takes."""

    weights: Mapping[str, int]
    """Bytes by type, as they are read."""
    cached_values: float
    """Keys and values of the context."""
    value_bytes: float
    """Of each of them."""
    query_values: float
    """Context × width × layers."""
    state_bytes: int
    """Recurrent state, which is read and written."""
    num_layers: int


def token_work(
    facts: ModelFacts, weights: Mapping[str, int], context: float, value_bytes: float
) -> TokenWork:
    """Return the work of a token with `context` tokens before it."""
    window = min(context, facts.sliding_window) if facts.sliding_window else context
    return TokenWork(
        weights=weights,
        cached_values=facts.whole_kv_values * context + facts.sliding_kv_values * window,
        value_bytes=value_bytes,
        query_values=context * facts.hidden_size * facts.num_layers,
        state_bytes=facts.recurrent_bytes,
        num_layers=facts.num_layers,
    )


def cpu_token_s(work: TokenWork, speed: DeviceSpeed) -> float:
    """Return the seconds of one token on a CPU."""
    num_bytes = sum(work.weights.values()) + 2 * work.state_bytes
    flops = sum(values_in(kind, n) * flops_of(kind) for kind, n in work.weights.items())
    flops += FLOPS_PER_CACHED * work.cached_values + FLOPS_PER_QUERY * work.query_values
    overhead_s = FIXED_S + LAYER_S * work.num_layers
    return num_bytes / speed.read_bytes_s + flops / speed.flops + overhead_s


def gpu_token_s(work: TokenWork, speed: DeviceSpeed) -> float:
    """Return the seconds of one token on a graphics card, which mostly reads."""
    num_bytes: float = sum(work.weights.values()) + 2 * work.state_bytes
    num_bytes += work.cached_values * work.value_bytes
    flops = 2 * sum(values_in(kind, n) for kind, n in work.weights.items()) + 4 * work.query_values
    overhead_s = FIXED_S + GPU_LAYER_S * work.num_layers
    return num_bytes / (GPU_SHARE * speed.read_bytes_s) + flops / speed.flops + overhead_s


def flops_of(kind: str) -> float:
    """Return what a value of a type costs; a card's "q4_k_m" is taken for what most of it is."""
    name = kind.upper()
    is_direct = any(name == known or name.startswith(f"{known}_") for known in DIRECT_TYPES)
    return FLOPS_DIRECT if is_direct else FLOPS_UNPACKED


def values_in(kind: str, num_bytes: float) -> float:
    """Return how many values so many bytes of a type hold."""
    from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

    known = {kind.name: kind for kind in GGMLQuantizationType}.get(kind)
    if known in GGML_QUANT_SIZES:
        block, size = GGML_QUANT_SIZES[known]
        return num_bytes * block / size
    return num_bytes * VALUES_PER_BYTE.get(kind, USUAL_VALUES_PER_BYTE)
