"""How many chunks are embedded in a second: all their tokens at once, so computing alone counts.

Measured with MiniLM on two cores of a Zen 5 (250 GFLOP/s): 65 chunks of 200 tokens per second in ONNX
Runtime, and 3.8 times less in llama.cpp. PyTorch's constants are estimated.
"""

from __future__ import annotations

from workers.pool.memory.machine import CPU

from .speed_case import SpeedCase
from .speed_estimate import CHUNK_TOKENS

ONNX_FLOPS, TORCH_FLOPS, TORCH_GPU_FLOPS, LLAMACPP_FLOPS = 1.75, 2.1, 5.0, 6.6
"""What a token costs for each value of a matrix, in operations of a float32 product of matrices: two, and
what the library does better or worse than a plain one."""
CHUNK_FIXED_S = 0.3e-3
"""Cutting it into tokens."""


def estimate_onnx(case: SpeedCase) -> float | None:
    """Return chunks per second in ONNX Runtime; None where the figures are not known."""
    return _chunks(case, ONNX_FLOPS)


def estimate_torch(case: SpeedCase) -> float | None:
    """Return chunks per second in PyTorch; None where the figures are not known."""
    on_cpu = case.options.device == CPU
    return _chunks(case, TORCH_FLOPS if on_cpu else TORCH_GPU_FLOPS)


def estimate_llamacpp(case: SpeedCase) -> float | None:
    """Return chunks per second in llama.cpp; None where the figures are not known."""
    return _chunks(case, LLAMACPP_FLOPS)


def _chunks(case: SpeedCase, flops_per_value: float) -> float | None:
    speed, elements = case.device, case.facts.linear_elements
    if speed is None or not elements:
        return None
    return 1 / (CHUNK_FIXED_S + flops_per_value * elements * CHUNK_TOKENS / speed.flops)
