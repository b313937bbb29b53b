"""Ollama's `options` → sampling, and which of them nothing here follows. Pure functions.

Source: Ollama's documentation of Modelfile parameters and its API's types.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from configs.catalogue import ModelCard
from workers.messages import SamplingParams, Thinking
from workers.messages.errors import UnsupportedInputError
from workers.messages.sampling import NAMES, sampling_for

CONTEXT = "num_ctx"
OURS = {"num_predict": "max_tokens"}
"""Ollama's word → ours, where they differ."""
_UNKNOWN_TO_OLLAMA = {"max_tokens", "logit_bias", "ignore_eos", "num_logprobs"}
SAME = tuple(sorted(NAMES - _UNKNOWN_TO_OLLAMA))
LOOKS_BACK = "repeat_last_n"
"""Tokens that the repetition penalty looks back on: 0 switches it off, other windows are the engine's."""


def sampling_of(options: Mapping[str, Any], card: ModelCard, thinking: Thinking) -> SamplingParams:
    """Return the sampling. Raises: UnsupportedInputError naming an option of the wrong type."""
    return sampling_for(card, card_values(options), thinking)


def card_values(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that are ours too, in our words; what means "off" or "random" is left out.

    Raises: UnsupportedInputError naming an option of the wrong type.
    """
    given = {name: options[name] for name in SAME if options.get(name) is not None}
    if (limit := _number(options, "num_predict")) is not None and limit > 0:
        given["max_tokens"] = int(limit)
    if (seed := _number(options, "seed")) is not None and seed < 0:
        del given["seed"]
    if _number(options, LOOKS_BACK) == 0:
        given["repeat_penalty"] = 1.0
    return given


def ignored(options: Mapping[str, Any], context_length: int | None) -> list[str]:
    """Return the names of the options that nothing follows.

    A longer context than the model has here (None: not known yet) is one of them.
    """
    followed = {*SAME, *OURS}
    if _number(options, LOOKS_BACK) == 0:
        followed.add(LOOKS_BACK)
    wanted = _number(options, CONTEXT)
    if wanted is None or wanted <= (context_length or 0):
        followed.add(CONTEXT)
    return [name for name, value in options.items() if value is not None and name not in followed]


def _number(options: Mapping[str, Any], name: str) -> float | None:
    value = options.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise UnsupportedInputError(f"option {name!r} is {value!r}: it must be a number.")
    return value
