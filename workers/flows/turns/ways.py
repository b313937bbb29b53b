"""The ways to come by an answer, by the name that a chat keeps: the one table that a new flow enters."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from types import MappingProxyType

from workers.client import Client
from workers.messages import Event
from workers.messages.errors import UnsupportedInputError

from .ask import TurnAsk
from .direct import answer_directly
from .options import DIRECT, TurnOptions

Way = Callable[[Client, TurnAsk], AsyncGenerator[Event, None]]
"""Yields events of the pool, `Noted` and `Rewritten`, and exactly one Finished. Raises: AppError."""

WAYS: Mapping[str, Way] = MappingProxyType({DIRECT: answer_directly})


def way_of(options: TurnOptions) -> Way:
    """Return the way that a chat has chosen. Raises: UnsupportedInputError if there is none of that name."""
    if options.flow not in WAYS:
        raise UnsupportedInputError(
            f"There is no flow {options.flow!r}.", f"There are: {', '.join(WAYS)}."
        )
    return WAYS[options.flow]
