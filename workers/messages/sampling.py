"""From what a client asked for to `SamplingParams`: its words first, then the card's, then ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from pydantic import TypeAdapter, ValidationError

from configs.catalogue import ModelCard

from . import NO_THOUGHTS, SamplingParams, Thinking
from .errors import UnsupportedInputError

CHECK = TypeAdapter(SamplingParams)
NAMES = frozenset(field.name for field in fields(SamplingParams))


def sampling_for(
    card: ModelCard, given: Mapping[str, Any], thinking: Thinking = NO_THOUGHTS
) -> SamplingParams:
    """Return the sampling of one request; `None` and names that are not ours are left out.

    Many makers want other values while their model thinks: `thinking` is the request's wish.
    `stop` may be a string or several; the card's stop sequences are kept beside the client's.
    Raises: UnsupportedInputError if a value has the wrong type.
    """
    asked = {name: value for name, value in given.items() if name in NAMES and value is not None}
    merged: dict[str, Any] = {**own_sampling(card, thinking), **asked}
    stops = [*_strings(asked.get("stop")), *_strings(card.sampling.get("stop"))]
    try:
        merged["stop"] = tuple(dict.fromkeys(stops))
        return CHECK.validate_python(merged)
    except (TypeError, ValidationError) as err:
        raise UnsupportedInputError(_sentence(card, err)) from err


def own_sampling(card: ModelCard, thinking: Thinking = NO_THOUGHTS) -> Mapping[str, Any]:
    """Return the card's values for an answer with or without thoughts before it."""
    thinks = card.thinks == "on" if thinking.is_on is None else thinking.is_on
    return {**card.sampling, **card.sampling_thinking} if thinks else card.sampling


def _sentence(card: ModelCard, error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return f"The sampling of {card.id} is not right: {error}."
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    return f"{name} is {first['input']!r}: {first['msg'].lower()}."


def _strings(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, (bool, int, float)):
        raise UnsupportedInputError(f"stop is {value!r}: it is a text, or a list of texts.")
    strings = (value,) if isinstance(value, str) else tuple(value)
    return tuple(string for string in strings if string)  # an empty one would stop at once
