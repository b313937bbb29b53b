"""How many requests one API key may have at once: so many running, so many waiting, no more."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from api.core.errors import TooManyRequestsError
from workers.messages.errors import TimedOutError

from .access import Identity

COUNTED_INSIDE = ("/mcp", "/mcp/")
"""Paths of a protocol of its own: some of its messages are work, others only stop or confirm it."""


class _Lane:
    """The requests of one key; the longest waiting is let in first."""

    def __init__(self, max_running: int) -> None:
        self.running = anyio.Semaphore(max_running)
        self.num_inside = 0


class KeyLimits:
    """Counts per key. For one event loop."""

    def __init__(self) -> None:
        self._lanes: dict[str, _Lane] = {}

    @asynccontextmanager
    async def slot(self, identity: Identity, deadline: float | None = None) -> AsyncIterator[None]:
        """Wait for one of the key's places and hold it.

        Raises: TooManyRequestsError at once; TimedOutError at the deadline (`time.monotonic()`).
        """
        if identity.max_running is None:
            yield
            return
        lane = self._lanes.setdefault(identity.name, _Lane(identity.max_running))
        if lane.num_inside >= identity.max_running + identity.max_waiting:
            raise TooManyRequestsError(
                f"The API key “{identity.name}” may have {identity.max_running} requests running "
                f"and {identity.max_waiting} waiting, and has them.",
                "Ask again when one has ended.",
            )
        lane.num_inside += 1
        try:
            await _enter(lane, identity, deadline)
            try:
                yield
            finally:
                lane.running.release()
        finally:
            lane.num_inside -= 1


async def _enter(lane: _Lane, identity: Identity, deadline: float | None) -> None:
    """Raises: TimedOutError."""
    left_s = None if deadline is None else deadline - time.monotonic()
    try:
        with anyio.fail_after(left_s):
            await lane.running.acquire()
    except TimeoutError:
        raise TimedOutError(
            f"The request was still waiting for one of the {identity.max_running} places of the "
            f"API key “{identity.name}” when its time was up.",
            "Ask again when one is free, or give it more time.",
        ) from None
