"""What one browser tab looks at: held by its session, changed by its events."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .exchanges import Exchange, Layers

WINDOW = 50
"""Exchanges that are shown at first, and that "Show earlier" adds: a hundred messages."""


IN_TURN_S = 2.0
"""How long an action waits for one that was sent before it, and may have been lost on its way."""
LOOK_S = 0.01


@dataclass(slots=True)
class OpenPage:
    """One tab; changed in place, for an event that streams goes on while others come."""

    chat: str | None = None
    """Id of the chat that is seen; None: a new one, which begins with its first question."""
    is_private: bool = False
    """Whether the chats that begin here are not kept."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """How a new chat is to be answered; a chat that has begun keeps its own."""
    window: int = WINDOW
    """Exchanges that are shown at most, the last ones."""
    query: str = ""
    """What the list is searched for."""
    epoch: int = field(default_factory=lambda: time.time_ns() // 1_000_000)
    """Grows with every change of what is seen, also over a restart; who draws for an older one stops."""
    num_done: int = 0
    """How many actions are done, or are long ones that have begun."""
    followed: int | None = None
    """The epoch in which a running answer is followed; None: none is."""
    drawn: object = None
    """What the log was drawn from last; it is drawn again when that has changed."""
    layers: Layers | None = None
    """What the two logs show; None: they are to be drawn whole."""
    live: Sequence[Exchange] = ()
    """The exchanges from there on, as they were read last."""
    live_key: object = None
    """What they were read for."""
    timezone_min: int = 0
    """Minutes that the browser's clock is ahead of UTC."""

    async def in_turn(self, number: object) -> None:
        """Wait until the actions that were sent before an action are done, `IN_TURN_S` at most."""
        until_s = time.monotonic() + IN_TURN_S
        while self.num_done < _whole(number) - 1 and time.monotonic() < until_s:
            await asyncio.sleep(LOOK_S)

    def note_done(self, number: object) -> None:
        """Let the actions begin that were sent after one."""
        self.num_done = max(self.num_done, _whole(number))

    def look_at(self, chat: str | None) -> None:
        """See another chat."""
        self.chat = chat
        self.window = WINDOW
        self.layers = None
        self.epoch += 1


def _whole(number: object) -> int:
    """What a browser sent as an action's number; 0 for what is none."""
    return number if isinstance(number, int) and not isinstance(number, bool) else 0
