"""From a library that calls back to a generator that can be closed."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator
from typing import Any

from workers.worker import CancelToken

Chunk = dict[str, Any]
"""One decoded JSON object of the library's stream."""
Callback = Callable[[Chunk], bool]
"""Takes the next chunk; returning True stops the library."""


def iterate_callbacks(
    run: Callable[[Callback], Chunk | None], cancel: CancelToken
) -> Generator[Chunk, None, None]:
    """Yield the chunks that `run` hands to its callback; `run` blocks a thread of its own.

    Ends early once `cancel` is set; when it has ended, in whatever way, `run` has returned. A
    dictionary that `run` returns (instead of streaming) is yielded last. Raises what `run` raises.
    """
    chunks: queue.SimpleQueue[Chunk | Exception | None] = queue.SimpleQueue()
    is_abandoned = threading.Event()

    def take(chunk: Chunk) -> bool:
        chunks.put(chunk)
        return cancel.is_cancelled or is_abandoned.is_set()

    def work() -> None:
        try:
            chunks.put(run(take))
        except Exception as err:  # noqa: BLE001 — carried over to the reader, who raises it
            chunks.put(err)
        chunks.put(None)

    thread = threading.Thread(target=work, name="generate", daemon=True)
    thread.start()
    try:
        while (chunk := chunks.get()) is not None:
            if isinstance(chunk, Exception):
                raise chunk
            if not cancel.is_cancelled:
                yield chunk
    finally:
        is_abandoned.set()
        thread.join()
