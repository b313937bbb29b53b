"""One value of a GGUF file's metadata, as what it must be: a text where a text belongs, a number where one.

The format gives each value its type, and nobody makes a file keep to what the keys mean.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from configs.errors import ConfigError
from workers.models.facts.gguf_header import Value

MAX_NUMBER = 1 << 53
"""Larger ones are no sizes."""


def text_of(header: Mapping[str, Value], key: str, default: str = "") -> str:
    """Return a text, `default` without one. Raises: ConfigError if it is something else."""
    value = header.get(key, default)
    if not isinstance(value, str):
        raise ConfigError(f"The file's {key} is {value!r}, not a text.")
    return value


def number_of(header: Mapping[str, Value], key: str, default: int = 0) -> int:
    """Return a whole number from 0 on, `default` without one. Raises: ConfigError if it is none."""
    if key not in header:
        return default
    value = header[key]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not 0 <= value < MAX_NUMBER:  # type: ignore[arg-type, operator]
        raise ConfigError(f"The file's {key} is {value!r}, not a whole number from 0 on.")
    return int(value)
