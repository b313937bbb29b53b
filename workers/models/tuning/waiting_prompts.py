"""How much RAM llama.cpp's server may take for conversations that had to leave their slot.

A new chat that begins like an older one takes over what was read for that, and the older one is copied
into RAM, from where it comes back. One conversation must fit there, or it would have to be read again.
"""

from __future__ import annotations

import math
from pathlib import Path

from configs.errors import ConfigError
from workers.models.facts.gguf_model import gguf_model_facts
from workers.models.facts.model import ModelFacts

from .run_settings import KV_BYTES

LEAST_MIB = 128


def waiting_mib(facts: ModelFacts, context_tokens: int, kv_type: str) -> int:
    """Return the bound for a model: one slot's whole context, at least `LEAST_MIB`."""
    one = facts.kv_values_per_token * context_tokens * KV_BYTES[kv_type]
    return max(LEAST_MIB, math.ceil(one / (1 << 20)))


def waiting_mib_of(path: Path, context_tokens: int, kv_type: str) -> int:
    """Return the bound for a GGUF file; the least for one that nobody can read, as llama.cpp will say."""
    try:
        return waiting_mib(gguf_model_facts(path), context_tokens, kv_type)
    except (ConfigError, OSError):
        return LEAST_MIB
