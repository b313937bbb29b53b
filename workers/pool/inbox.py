"""What other threads have for the loop, handed over with one wake-up for all that has come.

A wake-up is a system call and a turn of the loop. Tokens that come faster than the loop turns share one.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

log = logging.getLogger("quintet.pool")


class Inbox(Generic[T]):
    """Items keep their order. Any number of threads may `put`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, take: Callable[[T], None]) -> None:
        """`take` is called on the loop, once for each item; what it raises is the loop's to tell."""
        self._loop = loop
        self._take = take
        self._items: deque[T] = deque()
        self._is_due = False

    def put(self, item: T) -> None:
        """Hand over an item; nothing happens once the loop has closed."""
        self._items.append(item)
        if not self._is_due:
            self._is_due = True
            self._wake()

    def _wake(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._drain)
        except RuntimeError:
            log.debug("the pool's loop has closed")

    def _drain(self) -> None:
        """Take what is there now; what comes meanwhile waits for the next turn, as others do."""
        self._is_due = (
            False  # before the items are looked at: one that comes now wakes the loop again
        )
        try:
            for _ in range(len(self._items)):
                self._take(self._items.popleft())
        finally:
            if self._items and not self._is_due:
                self._is_due = True
                self._wake()
