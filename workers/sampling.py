"""From what a client asked for to `SamplingParams`: its words first, then the card's, then ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from configs.catalogue import ModelCard

from .errors import UnsupportedInputError
from .messages import SamplingParams

NAMES = frozenset(field.name for field in fields(SamplingParams))


def sampling_for(card: ModelCard, given: Mapping[str, Any]) -> SamplingParams:
    """Return the sampling of one request; `None` and names that are not ours are left out.

    `stop` may be a string or several; the card's stop sequences are kept beside the client's.
    Raises: UnsupportedInputError if a value has the wrong type.
    """
    asked = {name: value for name, value in given.items() if name in NAMES and value is not None}
    merged: dict[str, Any] = {**card.sampling, **asked}
    merged["stop"] = tuple(
        dict.fromkeys([*_strings(asked.get("stop")), *_strings(card.sampling.get("stop"))])
    )
    try:
        return SamplingParams(**merged)
    except TypeError as err:
        raise UnsupportedInputError(f"The sampling of {card.id} is not right: {err}.") from err


def _strings(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    strings = (value,) if isinstance(value, str) else tuple(value)
    return tuple(string for string in strings if string)  # an empty one would stop at once
