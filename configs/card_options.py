"""A card's `options` are for its engine alone; what the pool and the memory estimate read is checked.

The rest an engine checks when it loads, and refuses with a sentence.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

NUMBERS = {
    "slots": (1, 1_024),
    "threads": (0, 4_096),
    "decode_threads": (0, 4_096),
    "batch_threads": (0, 4_096),
    "batch_tokens": (0, 1 << 14),
    "spin": (0, 1 << 30),
    "draft_tokens": (0, 64),
    "context_tokens": (0, 1 << 30),
    "gpu_layers": (-1, 1 << 20),
    "image_tokens": (0, 1 << 20),
    "rope_freq_base": (0, 1e30),
    "rope_freq_scale": (0, 1e30),
}
"""Option → the smallest and the largest that means anything."""
TEXTS = ("device", "dtype", "load_in", "attention", "api_key_env", "language", "voice", "projector",
         "server")  # fmt: skip
SWITCHES = ("ranks",)
CHOICES = {"kv_type": ("f16", "q8_0")}
"""Option → what it may be."""


def checked_options(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return them. Raises: ValueError naming the option, its value and what it may be."""
    for name, (low, high) in NUMBERS.items():
        value = options.get(name)
        if value is not None and not _is_within(value, low, high):
            raise ValueError(f"{name} is {value!r}; it must be a number from {low:,} to {high:,}")
    for name in TEXTS:
        value = options.get(name)
        if value is not None and not isinstance(value, str):
            raise ValueError(f"{name} is {value!r}; it must be a text")
    for name in SWITCHES:
        if not isinstance(options.get(name, False), bool):
            raise ValueError(f"{name} is {options[name]!r}; it must be true or false")
    for name, choices in CHOICES.items():
        value = options.get(name)
        if value is not None and value not in choices:
            raise ValueError(f"{name} is {value!r}; it must be {' or '.join(choices)}")
    return options


def _is_within(value: object, low: float, high: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return math.isfinite(value) and low <= value <= high
