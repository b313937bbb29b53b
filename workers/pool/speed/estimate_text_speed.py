"""How fast a model writes in an ordinary chat: llama.cpp, PyTorch and what stands on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from configs.catalogue import ModelCard
from workers.models.facts.model import ModelFacts
from workers.models.tuning.run_settings import KV_BYTES, run_settings
from workers.pool.memory.estimate_llamacpp import VISION_KV_TYPE, context_tokens
from workers.pool.memory.estimate_torch import FILE_TYPES, QUANTIZED, WIDTHS
from workers.pool.memory.machine import CPU

from .device_speed import DeviceSpeed
from .speed_case import CHAT_TOKENS, SpeedCase
from .token_time import TokenWork, cpu_token_s, gpu_token_s, token_work

TORCH_LAYER_S, TORCH_GPU_LAYER_S = 0.4e-3, 0.6e-3
"""Python and the starting of kernels, a layer; estimated."""
NF4_CPU_TIMES = 4.0
"""How much longer weights take that PyTorch makes wider for each token; estimated."""


def estimate_llamacpp(case: SpeedCase) -> float | None:
    """Return tokens per second; None where the device's figures or the model's are not known.

    Layers that stay on the CPU take the CPU's time, the others the graphics card's.
    """
    card, facts, options = case.card, case.facts, case.options
    kv_type = VISION_KV_TYPE
    if card.modality != "vision":
        kv_type = run_settings(card, options.threads or 1, options.device).kv_type
    work = token_work(facts, facts.token_bytes, _tokens_before(case), KV_BYTES[kv_type])
    if not work.weights:
        return None
    on_gpu = 0.0
    if options.device != CPU:
        wanted = int(card.options.get("gpu_layers", -1))
        on_gpu = 1.0 if wanted < 0 else min(1.0, wanted / (facts.num_layers + 1))
    times: list[tuple[float, Callable[[TokenWork, DeviceSpeed], float], str]]
    times = [(on_gpu, gpu_token_s, options.device), (1 - on_gpu, cpu_token_s, CPU)]
    token_s = 0.0
    for share, seconds, device in times:
        if share > 0:
            if device not in case.devices:
                return None
            token_s += share * seconds(work, case.devices[device])
    return 1 / token_s


def estimate_torch(case: SpeedCase) -> float | None:
    """Return tokens per second; None as `estimate_llamacpp`. Estimated: never compared with anything."""
    card, facts, speed = case.card, case.facts, case.device
    on_gpu = case.options.device != CPU
    dtype = str(card.options.get("dtype") or ("bfloat16" if on_gpu else "float32"))
    width = WIDTHS.get(dtype, 4)
    weights = _weights_in_memory(card, facts, dtype)
    if speed is None or not weights:
        return None
    work = token_work(facts, weights, _tokens_before(case), width)
    if on_gpu:
        return 1 / (gpu_token_s(work, speed) + TORCH_GPU_LAYER_S * facts.num_layers)
    widens = NF4_CPU_TIMES if card.options.get("load_in") in QUANTIZED else 1.0
    return 1 / (widens * cpu_token_s(work, speed) + TORCH_LAYER_S * facts.num_layers)


def _tokens_before(case: SpeedCase) -> float:
    """Return how much of the context is filled."""
    if case.tokens_before is not None:
        return case.tokens_before
    return min(CHAT_TOKENS, context_tokens(case.card, case.facts, case.options) / 2)


def _weights_in_memory(card: ModelCard, facts: ModelFacts, dtype: str) -> Mapping[str, int]:
    """Return what a token reads, by type, as the weights lie in memory: made anew, or packed as in the file."""
    if set(facts.token_bytes) & {"I32", "U8", "I8", "gptq", "awq"}:
        return facts.token_bytes
    elements = facts.linear_elements + facts.other_elements
    total = facts.total_bytes
    if not elements or not total:
        return facts.token_bytes
    values = elements * sum(facts.token_bytes.values()) / total
    load_in = card.options.get("load_in")
    if load_in in QUANTIZED:
        return {str(load_in): round(values * QUANTIZED[load_in])}
    return {FILE_TYPES.get(dtype, "F32"): round(values * WIDTHS.get(dtype, 4))}
