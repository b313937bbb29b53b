"""What `workers.engines.main` expects of a worker: load once, answer many, close.

A worker belongs to one modality and wraps one engine. It lives in a child process, knows nothing of
queues, and is therefore tested by calling it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Protocol

from workers.messages import Event, Ready, Request
from workers.messages.process_spec import ReportLoading, WorkerSettings


class CancelToken:
    """Says whether the user still wants the answer. Set from the control thread, read by engines."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the engine to stop at the next token, segment, sentence or page."""
        self._event.set()

    @property
    def is_cancelled(self) -> bool:
        """True once `cancel` was called."""
        return self._event.is_set()


class Worker(Protocol):
    """One modality's side of the contract."""

    def load(self, settings: WorkerSettings, report: ReportLoading) -> Ready:
        """Bring the model into memory and say what it can do.

        Heavy imports happen here, never at module level.
        Raises: EngineNotInstalledError, WeightsError, LoadError, OutOfMemoryError.
        """
        ...

    def handle(self, request: Request, cancel: CancelToken) -> Iterator[Event]:
        """Answer one request, event by event; may be called from several threads, up to `slots`.

        Looks at `cancel` between the smallest pieces of work and returns early when it is set. The
        last event may be a `Finished` that carries the usage; without one, `workers.engines.main` adds
        it. Raises: AppError, for anything the user should read.
        """
        ...

    def close(self) -> None:
        """Free what `load` took."""
        ...
