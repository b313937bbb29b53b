"""How far the parameters of sampling go."""

from __future__ import annotations

from .errors import UnsupportedInputError
from .values import SamplingParams

MAX_LOGPROBS = 20
MAX_INT = 2**31 - 1
MAX_SEED = 2**32 - 1
"""Engines keep both in 32 bits."""

_BOUNDS = {
    "temperature": (0.0, 5.0),
    "top_p": (0.0, 1.0),
    "top_k": (0, 1_000_000),
    "min_p": (0.0, 1.0),
    "repeat_penalty": (0.1, 10.0),
    "frequency_penalty": (-2.0, 2.0),
    "presence_penalty": (-2.0, 2.0),
    "typical_p": (0.0, 1.0),
    "mirostat": (0, 2),
    "mirostat_tau": (0.0, 100.0),
    "mirostat_eta": (0.0, 10.0),
}


def check_sampling(sampling: SamplingParams) -> None:
    """Raises: UnsupportedInputError naming the parameter, its value and its range."""
    for name, (low, high) in _BOUNDS.items():
        value = getattr(sampling, name)
        if not low <= value <= high:
            raise UnsupportedInputError(f"{name} is {value}; it must lie in [{low}, {high}].")
    if sampling.num_logprobs is not None and not 0 <= sampling.num_logprobs <= MAX_LOGPROBS:
        raise UnsupportedInputError(
            f"{sampling.num_logprobs} logprobs were asked for; 0 to {MAX_LOGPROBS} can be given."
        )
    if sampling.max_tokens is not None and not 1 <= sampling.max_tokens <= MAX_INT:
        raise UnsupportedInputError(
            f"max_tokens is {sampling.max_tokens}; it must be at least 1 and below 2^31, or unset."
        )
    if sampling.seed is not None and not -1 <= sampling.seed <= MAX_SEED:
        raise UnsupportedInputError(
            f"seed is {sampling.seed}; it must be at least 0 and below 2^32, or unset."
        )
