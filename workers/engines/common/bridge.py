"""From a library that calls back to a generator that can be closed."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator
from typing import Any, Generic, TypeVar

from workers.engines.contract import CancelToken

T = TypeVar("T")

Chunk = dict[str, Any]
"""One decoded JSON object of llama.cpp's stream."""


class Outlet(Generic[T]):
    """Where a library puts what it has; calling it tells whether it should stop."""

    def __init__(self, cancel: CancelToken) -> None:
        self.items: queue.SimpleQueue[T | Exception | None] = queue.SimpleQueue()
        self._cancel = cancel
        self._is_abandoned = threading.Event()

    def __call__(self, item: T) -> bool:
        """Take the next item; True asks the library to stop."""
        self.items.put(item)
        self.progressed()
        return self.is_closed

    def progressed(self) -> None:
        """Say that the library has come further without having an item: see `CancelToken`."""
        self._cancel.progressed()

    @property
    def is_closed(self) -> bool:
        """Nobody waits for more."""
        return self._cancel.is_cancelled or self._is_abandoned.is_set()

    def abandon(self) -> None:
        """Nobody reads any more."""
        self._is_abandoned.set()


def iterate_callbacks(
    run: Callable[[Outlet[T]], T | None], cancel: CancelToken
) -> Generator[T, None, None]:
    """Yield the items that `run` hands to its outlet; `run` blocks a thread of its own.

    Ends early once `cancel` is set; when it has ended, in whatever way, `run` has returned. An item
    that `run` returns (instead of streaming) is yielded last. Raises what `run` raises.
    """
    outlet: Outlet[T] = Outlet(cancel)

    def work() -> None:
        try:
            outlet.items.put(run(outlet))
        except Exception as err:  # noqa: BLE001 — carried over to the reader, who raises it
            outlet.items.put(err)
        outlet.items.put(None)

    thread = threading.Thread(target=work, name="generate", daemon=True)
    thread.start()
    try:
        while (item := outlet.items.get()) is not None:
            if isinstance(item, Exception):
                raise item
            if not cancel.is_cancelled:
                yield item
    finally:
        outlet.abandon()
        thread.join()
