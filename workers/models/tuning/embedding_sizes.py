"""How much an embedder or reranker in GGUF is given to read at once, in the engine and in the estimate alike."""

from __future__ import annotations

from configs.catalogue import ModelCard

EMBEDDER_TOKENS = 2048
"""Of one text, where the model reads more and its card does not ask for it: a passage has 200, and memory
grows with it (Qwen3-Embedding keeps 112 KiB of each)."""
RERANKER_TOKENS = 1024
"""Of query and text together."""
CONTEXT_OPTION = "context_tokens"
"""Of a card: how many tokens of a text count."""
_NUM_SEQUENCES = 4
"""Texts that llama.cpp reads together; more gives no speed on a CPU (measured: 1 to 32 alike)."""


def text_tokens(
    card: ModelCard, made_for: int, *, is_encoder: bool, usual: int = EMBEDDER_TOKENS
) -> int:
    """Return how many tokens of a text count; `made_for`: what the file says, 0 if it does not.

    One less than a model with a KV cache was made for: llama.cpp refuses a cache that is full.
    """
    made_for -= 0 if is_encoder else 1
    most = min(filter(lambda tokens: tokens > 0, (card.context_length, made_for)), default=usual)
    return min(most, int(card.options.get(CONTEXT_OPTION) or usual))


def num_sequences(device: str, *, is_encoder: bool) -> int:
    """Return how many texts are read together: on a CPU one, where each has a KV cache of its own."""
    return _NUM_SEQUENCES if is_encoder or device != "cpu" else 1
