"""What `workers.engines.main` expects of a worker: load once, answer many, close.

A worker belongs to one modality and wraps one engine. It lives in a child process, knows nothing of
queues, and is therefore tested by calling it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from workers.messages import Event, Ready, Request
from workers.messages.process_spec import ReportLoading, WorkerSettings


class Pulse:
    """When a process last came further, with whatever request; beaten by any of its threads."""

    def __init__(self) -> None:
        self.at = time.monotonic()
        """`time.monotonic()`; parent and child share that clock."""

    def beat(self) -> None:
        """A piece of work is done."""
        self.at = time.monotonic()


class CancelToken:
    """Says whether the user still wants the answer. Set from the control thread, read by engines."""

    def __init__(self, pulse: Pulse | None = None) -> None:
        self._event = threading.Event()
        self._pulse = pulse or Pulse()

    def cancel(self) -> None:
        """Ask the engine to stop at the next token, segment, sentence or page."""
        self._event.set()

    @property
    def is_cancelled(self) -> bool:
        """True once `cancel` was called."""
        return self._event.is_set()

    def progressed(self) -> None:
        """Say that a piece of work is done from which no event came: costs as much as reading a clock.

        Every event says so by itself. A worker that computes for minutes without either is taken to
        hang (`workers.pool.watch`): to be called after each piece, and while waiting only for what has
        a time-out of its own.
        """
        self._pulse.beat()


class RequestCancelledError(Exception):
    """Nobody wants the answer any more: thrown through a library that has no other way out."""


class Engine(Protocol):
    """What every engine has; its modality's protocol adds what it can be asked.

    A class that names that protocol as its base gets the values below; the others are set at the
    latest in `load`, from which on they stay.
    """

    device: str = "cpu"
    """"cpu", "cuda:0", or the host of a remote one."""
    slots: int = 1
    """Requests that it works on at once."""
    capabilities: frozenset[str] = frozenset()
    """What it can beyond the modality's common part, in the words of the modality's protocol."""
    context_length: int = 0
    """Tokens of one conversation, picture question or text; 0 where the word has no meaning."""

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """Bring the model of `settings.card` into memory, never from a network.

        `folder` holds the card's files, their checksums verified. Heavy imports happen here, never
        at module level. Raises: EngineNotInstalledError, LoadError, WeightsError, OutOfMemoryError.
        """
        ...

    def close(self) -> None:
        """Free what `load` took."""
        ...


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

        Looks at `cancel` between the smallest pieces of work and returns early when it is set; tells
        it of pieces from which no event comes (`CancelToken.progressed`). The
        last event may be a `Finished` that carries the usage; without one, `workers.engines.main` adds
        it. Raises: AppError, for anything the user should read.
        """
        ...

    def close(self) -> None:
        """Free what `load` took."""
        ...
