"""What a way of answering says of an answer besides its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workers.messages import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(Event):
    """Something to keep and show beside the answer, now: sources, steps, calls, how a file was read."""

    details: Mapping[str, Any]
    """JSON; takes the place of what was noted under the same names."""
    message: int | None = None
    """Id of the message of the chat that it is about; None: the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten(Event):
    """The whole answer once more, changed: with citations, or without what was only on the way."""

    text: str
