"""The text worker: checks a request, runs the engine, turns its pieces into events."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing

from workers.errors import UnsupportedInputError
from workers.messages import (
    Event,
    Finished,
    Generate,
    Loading,
    Progress,
    Ready,
    Request,
    TextDelta,
)
from workers.weights import verified_folder
from workers.worker import CancelToken, ReportLoading, WorkerSettings

from .engine import Completion, Delta, Piece, TextEngine
from .prompt import check_sampling, tidy


class TextWorker(ABC):
    """Answers Generate with any TextEngine. A subclass says how its engine is built."""

    @abstractmethod
    def create_engine(self, model_path: str, settings: WorkerSettings) -> TextEngine:
        """Load the weights. Raises: EngineNotInstalledError, LoadError, OutOfMemoryError."""

    def load(self, settings: WorkerSettings, report: ReportLoading) -> Ready:
        """See `workers.worker.Worker`."""
        folder = verified_folder(settings.card, settings.data_dir, report)
        report(Loading(what=f"loading {settings.card.name}"))
        self._engine = self.create_engine(str(folder / settings.card.weight_file), settings)
        return Ready(
            slots=settings.slots,
            device=self._engine.device,
            capabilities=self._engine.capabilities,
            context_length=self._engine.context_length,
        )

    def handle(self, request: Request, cancel: CancelToken) -> Iterator[Event]:
        """See `workers.worker.Worker`."""
        if not isinstance(request, Generate):
            raise UnsupportedInputError(f"The text worker cannot {type(request).__name__}.")
        check_sampling(request.sampling)
        messages = tidy(request.messages)
        with closing(self._engine.generate(messages, request.sampling, cancel)) as pieces:
            for piece in pieces:
                yield _event(request.request_id, piece)

    def close(self) -> None:
        """See `workers.worker.Worker`."""
        self._engine.close()


def _event(request_id: str, piece: Piece) -> Event:
    if isinstance(piece, Delta):
        return TextDelta(request_id=request_id, text=piece.text)
    if isinstance(piece, Completion):
        return Finished(request_id=request_id, reason=piece.reason, usage=piece.usage)
    return Progress(
        request_id=request_id,
        done=piece.done_tokens,
        total=piece.total_tokens,
        unit="tokens",
        what="reading",
    )
