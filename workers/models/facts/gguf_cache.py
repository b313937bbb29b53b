"""What one token, or one conversation, leaves in llama.cpp's memory: layer by layer, from a GGUF's metadata.

    whole      layers that keep every token's key and value
    sliding    layers that keep the last `attention.sliding_window` tokens
    shared     layers that use another one's cache (Gemma 3n and 4): nothing
    recurrent  layers with a state of fixed size instead (Qwen3.5, Granite hybrid, LFM2…), in float32

Source: llama.cpp's src/llama-hparams.cpp (`n_embd_k_gqa`, `n_embd_r`, `n_embd_s`, `is_swa`) and, for what an
architecture does without saying it, src/llama-model.cpp.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

FLOAT_BYTES = 4

_SLIDING_PATTERNS = {
    "cohere2": 4, "exaone4": 4, "gemma2": 2, "gemma3": 6, "gemma3n": 5, "gpt-oss": 2,
}  # fmt: skip
"""Architecture → n: of n layers, the last one keeps all. llama.cpp lets others keep their whole context."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheFacts:
    """Of one model."""

    whole_values: int
    """Keys and values of one token, in layers that keep all."""
    sliding_values: int
    """The same in layers that slide."""
    recurrent_bytes: int
    """State of one conversation."""


def cache_facts(
    architecture: str,
    num_layers: int,
    head_dim: int,
    number: Callable[[str], int],
    by_layer: Callable[[str], Sequence[int]],
) -> CacheFacts:
    """Return what the layers keep. `number` and `by_layer` look up a key of this architecture; 0 and () if unsaid."""
    heads = _heads(num_layers, number, by_layer)
    slides = _slides(architecture, num_layers, number, by_layer)
    key = number("attention.key_length") or head_dim
    value = number("attention.value_length") or key
    sliding_key = number("attention.key_length_swa") or key
    sliding_value = (
        number("attention.value_length_swa") or number("attention.key_length_swa") or value
    )
    num_own = num_layers - min(num_layers, number("attention.shared_kv_layers"))
    whole = sum(h for h, is_sliding in zip(heads[:num_own], slides, strict=False) if not is_sliding)
    sliding = sum(h for h, is_sliding in zip(heads[:num_own], slides, strict=False) if is_sliding)
    return CacheFacts(
        whole_values=whole * (key + value),
        sliding_values=sliding * (sliding_key + sliding_value),
        recurrent_bytes=sum(h == 0 for h in heads) * _state_bytes(number),
    )


def _heads(
    num_layers: int, number: Callable[[str], int], by_layer: Callable[[str], Sequence[int]]
) -> Sequence[int]:
    """Return each layer's heads with keys and values of their own; 0 for a recurrent one."""
    if said := by_layer("attention.head_count_kv"):
        return said
    heads = number("attention.head_count_kv") or number("attention.head_count")
    interval = number("full_attention_interval")
    return [
        heads if not interval or place % interval == 0 else 0 for place in range(1, num_layers + 1)
    ]


def _slides(
    architecture: str,
    num_layers: int,
    number: Callable[[str], int],
    by_layer: Callable[[str], Sequence[int]],
) -> Sequence[bool]:
    pattern = _SLIDING_PATTERNS.get(architecture, 0)
    said = by_layer("attention.sliding_window_pattern")
    if not number("attention.sliding_window"):
        return [False] * num_layers
    if said:
        return [bool(value) for value in said]
    pattern = number("attention.sliding_window_pattern") or pattern
    return [bool(pattern) and place % pattern != 0 for place in range(1, num_layers + 1)]


def _state_bytes(number: Callable[[str], int]) -> int:
    """Return the state of one recurrent layer: what its convolution looks back on, and its memory."""
    inner, size = number("ssm.inner_size"), number("ssm.state_size")
    window = max(number("ssm.conv_kernel"), number("shortconv.l_cache")) - 1
    width = inner + 2 * number("ssm.group_count") * size or number("embedding_length")
    return FLOAT_BYTES * (max(0, window) * width + size * inner)
