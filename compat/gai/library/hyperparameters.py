"""Gai's hyperparameters, whose names depend on the engine, in our words. Pure.

Nothing is dropped in silence: what no engine here knows is named in a warning.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from configs.catalogue import ModelCard
from workers.messages import SamplingParams
from workers.messages.sampling import NAMES, sampling_for

from .config import Entry

ALIASES = {
    "max_new_tokens": "max_tokens",
    "max_tokens_to_sample": "max_tokens",
    "stopping_words": "stop",
    "typical": "typical_p",
    "token_repetition_penalty_max": "repeat_penalty",
    "repetition_penalty": "repeat_penalty",
}


def sampling_of(card: ModelCard, entry: Entry, given: Mapping[str, Any]) -> SamplingParams:
    """Return the caller's values over the wrapper's over the model's. Raises: AppError."""
    own, _ = translate({"stopping_words": entry.stopping_words, **entry.hyperparameters})
    asked, unknown = translate(given)
    if unknown:
        warnings.warn(f"{card.name} has no use for {', '.join(unknown)}.", stacklevel=5)
    return sampling_for(card, {**own, **asked})


def translate(given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the values by our names, and the names that mean nothing here."""
    known: dict[str, Any] = {}
    unknown: list[str] = []
    for name, value in given.items():
        ours = ALIASES.get(name, name)
        if name == "logit_bias":
            known[ours] = tuple(
                (int(token), float(bias)) for token, bias in dict(value or {}).items()
            )
        elif name == "do_sample":
            known.update({} if value else {"temperature": 0.0})
        elif name == "typical" and not value:
            continue  # ExLlama's word for "off"
        elif ours in NAMES:
            known[ours] = value
        elif value is not None:
            unknown.append(name)
    return known, unknown
