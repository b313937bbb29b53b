"""What `workers.engines.main` expects of a worker: load once, answer many, close.

A worker belongs to one modality and wraps one engine. It lives in a child process, knows nothing of
queues, and is therefore tested by calling it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from configs.catalogue import ModelCard
from configs.settings import HubSettings
from workers.messages import Event, Loading, Ready, Request

ReportLoading = Callable[[Loading], None]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """What a child process is told when it is born."""

    card: ModelCard
    """The model to load."""
    reranker: ModelCard | None = None
    """A second model, which a rag worker loads when it first orders passages."""
    device: str = "cpu"
    """Where to put the weights: "cpu" or "cuda:0". An engine that cannot use a GPU ignores it."""
    threads: int
    """How many compute threads its libraries may use."""
    slots: int
    """How many requests to work on at once, where the engine can."""
    data_dir: Path
    """Where the worker may keep files: converted weights, the index."""
    limits: dict[str, float]
    """Bounds on input, by name and unit: `max_audio_s`, `max_pixels`, `max_pages`…"""
    may_fetch: bool = False
    """Whether weights that are not here may be downloaded."""
    hub: HubSettings = field(default_factory=HubSettings)


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
