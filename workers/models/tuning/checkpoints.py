"""How many checkpoints llama.cpp's server may keep of a conversation, and what they take in RAM.

A recurrent layer cannot go back to an earlier token, and a sliding one has forgotten it. So the server
copies their state now and then (one in `STEP_TOKENS`, and a few near the end of a prompt), and a chat that
goes on from an earlier place begins at the last copy before it. Its own bound is 32 copies for each slot,
whatever one takes: of Gemma 3 4B they would be 3.6 GiB.

Source: llama.cpp's tools/server/server-context.cpp (`create_checkpoint`), src/llama-kv-cache-iswa.cpp and
src/llama-memory-hybrid.cpp (`state_write` with LLAMA_STATE_SEQ_FLAGS_PARTIAL_ONLY).
"""

from __future__ import annotations

from pathlib import Path

from configs.errors import ConfigError
from workers.models.facts.gguf_model import gguf_model_facts
from workers.models.facts.model import ModelFacts

from .run_settings import KV_BYTES

STEP_TOKENS = 8192
"""`checkpoint_min_step`, llama.cpp's default."""
NEAR_THE_END = 3
MOST = 32
"""llama.cpp's own bound."""


def num_checkpoints(context: int) -> int:
    """Return how many are of use in a conversation of so many tokens."""
    return min(MOST, context // STEP_TOKENS + NEAR_THE_END)


def checkpoint_bytes(facts: ModelFacts, context: int, kv_type: str) -> float:
    """Return what one takes; 0 for a model whose layers all keep every token."""
    window = min(context, facts.sliding_window)
    return facts.recurrent_bytes + facts.sliding_kv_values * window * KV_BYTES[kv_type]


def bound_of(path: Path, context: int) -> int | None:
    """Return how many to allow for a GGUF file; None where it makes none, or nobody can read it."""
    try:
        facts = gguf_model_facts(path)
    except (ConfigError, OSError):
        return None  # llama.cpp will say what is wrong with it
    return num_checkpoints(context) if checkpoint_bytes(facts, context, "f16") else None
