"""How long a model stays: `keep_alive` → seconds. Pure functions.

Source: Ollama's API documentation; Go's time.ParseDuration.
"""

from __future__ import annotations

import math
import re

from workers.messages.errors import UnsupportedInputError

_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_WHOLE = re.compile(rf"[+-]?(?:{_PART.pattern})+")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
_UNITS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "μs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
}
FOREVER_S = 2**63 / 1e9
"""The longest duration that Go knows: 292 years."""


def seconds_of(keep_alive: float | str | None) -> float | None:
    """Return how long a model stays after a request; infinity for ever; None: it was not said.

    A number in a text, without a unit, is seconds too. Raises: UnsupportedInputError.
    """
    if keep_alive is None:
        return None
    seconds = _read(keep_alive.strip()) if isinstance(keep_alive, str) else float(keep_alive)
    if seconds is None or math.isnan(seconds):
        raise UnsupportedInputError(
            f"keep_alive is {keep_alive!r}: it is seconds, or a duration such as 10m or 1h30m."
        )
    return math.inf if seconds < 0 or seconds >= FOREVER_S else seconds


def _read(text: str) -> float | None:
    if _NUMBER.fullmatch(text):
        return float(text)
    if not _WHOLE.fullmatch(text):
        return None
    total = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    return -total if text.startswith("-") else total
