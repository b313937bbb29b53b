"""From a library that calls back to a generator that can be closed."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from itertools import chain, takewhile
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
    """Yield the items that `run` hands to its outlet, one by one: see `iterate_batches`.

    None comes once `cancel` is set, not even one that came together with the last.
    """
    with closing(iterate_batches(run, cancel)) as batches:
        yield from takewhile(lambda _: not cancel.is_cancelled, chain.from_iterable(batches))


def iterate_batches(
    run: Callable[[Outlet[T]], T | None],
    cancel: CancelToken,
    pace_s: float = 0.0,
    is_read: Callable[[T], bool] = lambda item: True,
) -> Generator[list[T], None, None]:
    """Yield the items that `run` hands to its outlet; `run` blocks a thread of its own.

    Ends early once `cancel` is set; when it has ended, in whatever way, `run` has returned. An item
    that `run` returns (instead of streaming) is yielded last. Raises what `run` raises.

    Those that come less than `pace_s` seconds after something that people read (`is_read`) are gathered,
    for no longer than that: each batch costs this process, and all behind it, time that the library
    could use.
    """
    outlet: Outlet[T] = Outlet(cancel)
    has_ended = threading.Event()
    thread = threading.Thread(
        target=_run, args=(run, outlet, has_ended), name="generate", daemon=True
    )
    thread.start()
    due, is_over = 0.0, False
    try:
        while not is_over:
            found = [outlet.items.get()]
            has_ended.wait(max(0.0, due - time.monotonic()))
            found += _waiting(outlet.items)
            is_over = None in found
            batch = [i for i in found if i is not None and not isinstance(i, Exception)]
            if any(map(is_read, batch)):
                due = time.monotonic() + pace_s
            if batch and not cancel.is_cancelled:
                yield batch
            for item in found:
                if isinstance(item, Exception):
                    raise item
    finally:
        outlet.abandon()
        thread.join()


def _run(
    run: Callable[[Outlet[T]], T | None], outlet: Outlet[T], has_ended: threading.Event
) -> None:
    try:
        outlet.items.put(run(outlet))
    except Exception as err:  # noqa: BLE001 — carried over to the reader, who raises it
        outlet.items.put(err)
    outlet.items.put(None)
    has_ended.set()


def _waiting(items: queue.SimpleQueue[T]) -> list[T]:
    found: list[T] = []
    with suppress(queue.Empty):
        while True:
            found.append(items.get_nowait())
    return found
