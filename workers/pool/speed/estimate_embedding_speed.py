"""How many chunks are embedded in a second: all their tokens at once, so computing alone counts.

Measured with MiniLM on two threads of a Zen 5 (142 GFLOP/s): 71 passages of 175 tokens per second in ONNX
Runtime, and 3.8 times less in llama.cpp. PyTorch's constants are estimated.
"""

from __future__ import annotations

from configs.catalogue import ModelCard
from workers.models.facts.model import ModelFacts
from workers.pool.memory.memory_estimate import LoadOptions

from .device_speed import DeviceSpeeds
from .speed_estimate import CHUNK_TOKENS

ONNX_FLOPS, TORCH_FLOPS, TORCH_GPU_FLOPS, LLAMACPP_FLOPS = 1.08, 1.3, 5.0, 4.1
"""What a token costs for each value of a matrix, in operations of a float32 product of matrices: two, less
what the library does better than a plain one on this processor."""
CHUNK_FIXED_S = 0.3e-3
"""Cutting it into tokens."""


def estimate_onnx(
    card: ModelCard, facts: ModelFacts, options: LoadOptions, speeds: DeviceSpeeds
) -> float | None:
    """Return chunks per second in ONNX Runtime; None where the figures are not known."""
    return _chunks(facts, options, speeds, ONNX_FLOPS)


def estimate_torch(
    card: ModelCard, facts: ModelFacts, options: LoadOptions, speeds: DeviceSpeeds
) -> float | None:
    """Return chunks per second in PyTorch; None where the figures are not known."""
    return _chunks(
        facts, options, speeds, TORCH_FLOPS if options.device == "cpu" else TORCH_GPU_FLOPS
    )


def estimate_llamacpp(
    card: ModelCard, facts: ModelFacts, options: LoadOptions, speeds: DeviceSpeeds
) -> float | None:
    """Return chunks per second in llama.cpp; None where the figures are not known."""
    return _chunks(facts, options, speeds, LLAMACPP_FLOPS)


def _chunks(
    facts: ModelFacts, options: LoadOptions, speeds: DeviceSpeeds, flops_per_value: float
) -> float | None:
    speed = speeds.get(options.device)
    if speed is None or not facts.linear_elements:
        return None
    flops = flops_per_value * facts.linear_elements * CHUNK_TOKENS
    return 1 / (CHUNK_FIXED_S + flops / speed.flops)
