"""An ONNX session that leaves the other engines their cores and stops when the asker does.

Shared by the voices, the embedder and a recogniser on ONNX Runtime; imports it nowhere, is handed it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from workers.engines.contract import CancelToken

CANCEL_POLL_S = 0.02
SPIN_US = 50
"""How long a thread waits for the next operator before it sleeps. On two cores Piper alone is a twelfth
faster than without (0.96 → 1.05 of its own loop), and a twelfth slower beside one busy program; ONNX
Runtime's own millisecond is no faster alone, and a quarter slower there."""


def session_options(onnxruntime: Any, threads: int) -> Any:
    """Return options for that many threads, none of which spins for longer than `SPIN_US`."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "1")
    options.add_session_config_entry("session.intra_op.spin_duration_us", str(SPIN_US))
    # Each text has a shape of its own: plans kept per shape only grow.
    options.enable_mem_pattern = False
    return options


class CancellableSession:
    """An ONNX session bound to one request: cancelling ends a run between two operators.

    A long sentence or a batch of passages takes a second or more on busy cores; waiting for it would
    keep the slot.
    """

    def __init__(self, session: Any, options: Any, cancel: CancelToken) -> None:
        self._session = session
        self._options = options
        self._cancel = cancel

    def run(self, outputs: list[str] | None, feeds: dict[str, Any]) -> list[Any]:
        """Run the graph. Raises: ONNX Runtime's error when cancelled meanwhile."""
        with ended_by(self._cancel, self._options):
            results: list[Any] = self._session.run(outputs, feeds, self._options)
        self._cancel.progressed()
        return results


@contextmanager
def ended_by(cancel: CancelToken, options: Any) -> Iterator[None]:
    """Let runs with these `RunOptions` end, with ONNX Runtime's error, as soon as `cancel` is set."""
    done = threading.Event()
    options.terminate = cancel.is_cancelled

    def watch() -> None:
        while not done.wait(CANCEL_POLL_S):
            if cancel.is_cancelled:
                options.terminate = True
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
