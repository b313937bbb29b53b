"""Qwen3's layers in plain numpy, to compare llama.cpp with.

Source: Qwen3's reference code in transformers (RMS norm of each head, rotation of halves, grouped queries).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .tiny_gguf import EPSILON, HEAD_DIM, HEADS, KV_HEADS, LAYERS, ROPE_BASE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .tiny_gguf import Tensors

    Array = NDArray[np.float32]


def last_hidden(tensors: Tensors, ids: list[int]) -> Array:
    """Return what the model makes of each token, shape (tokens, hidden size)."""
    rows: Array = tensors["token_embd.weight"][ids]
    for number in range(LAYERS):
        layer = {
            name.split(".")[2]: tensor
            for name, tensor in tensors.items()
            if name.startswith(f"blk.{number}.")
        }
        rows = rows + _attention(_norm(rows, layer["attn_norm"]), layer)
        seen = _norm(rows, layer["ffn_norm"])
        gate = seen @ layer["ffn_gate"].T
        inner = gate / (1 + np.exp(-gate)) * (seen @ layer["ffn_up"].T)
        rows = rows + inner @ layer["ffn_down"].T
    return _norm(rows, tensors["output_norm.weight"])


def _attention(rows: Array, layer: Tensors) -> Array:
    length = len(rows)
    query = _turned(_norm(_heads(rows @ layer["attn_q"].T, HEADS), layer["attn_q_norm"]))
    key = _turned(_norm(_heads(rows @ layer["attn_k"].T, KV_HEADS), layer["attn_k_norm"]))
    value = _heads(rows @ layer["attn_v"].T, KV_HEADS)
    key, value = (np.repeat(part, HEADS // KV_HEADS, axis=0) for part in (key, value))
    scores = query @ key.transpose(0, 2, 1) / np.sqrt(HEAD_DIM)
    scores = np.where(np.tril(np.ones((length, length), dtype=bool)), scores, -np.inf)
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    mixed = (shares @ value).transpose(1, 0, 2).reshape(length, HEADS * HEAD_DIM)
    result: Array = mixed @ layer["attn_output"].T
    return result


def _heads(rows: Array, num_heads: int) -> Array:
    """(tokens, heads x values) -> (heads, tokens, values)."""
    heads: Array = rows.reshape(len(rows), num_heads, HEAD_DIM).transpose(1, 0, 2)
    return heads


def _turned(rows: Array) -> Array:
    half = HEAD_DIM // 2
    speeds = ROPE_BASE ** (-np.arange(half) / half)
    angles = np.arange(rows.shape[1])[:, None] * speeds[None, :]
    first, second = rows[..., :half], rows[..., half:]
    cos, sin = np.cos(angles), np.sin(angles)
    turned: Array = np.concatenate(
        [first * cos - second * sin, second * cos + first * sin], axis=-1
    )
    return turned


def _norm(rows: Array, weight: Array) -> Array:
    normed: Array = rows / np.sqrt((rows**2).mean(axis=-1, keepdims=True) + EPSILON) * weight
    return normed
