"""The vision worker: checks and decodes pictures, hands them to its engine."""

from __future__ import annotations

from collections.abc import Iterator

from workers.engines.common.pictures.checking import PictureRules
from workers.engines.contract import CancelToken
from workers.messages import Describe, Event, Loading, Progress, Ready, Request
from workers.messages.errors import RequestError
from workers.messages.process_spec import ReportLoading, WorkerSettings
from workers.models.weights import verified_folder

from .engine import VisionEngine


class VisionWorker:
    """One vision engine behind the worker protocol."""

    def __init__(self, engine: VisionEngine) -> None:
        self._engine = engine
        self._rules = PictureRules()

    def load(self, settings: WorkerSettings, report: ReportLoading) -> Ready:
        """Verify the weights and load the engine."""
        self._rules = PictureRules.of(settings.limits)
        folder = verified_folder(settings.card, settings.data_dir, report)
        report(Loading(what="loading"))
        self._engine.load(folder, settings, report)
        return Ready(
            slots=self._engine.slots,
            device=self._engine.device,
            capabilities=self._engine.capabilities,
            context_length=self._engine.context_length,
        )

    def handle(self, request: Request, cancel: CancelToken) -> Iterator[Event]:
        """Answer a Describe; every header is checked before the first picture is decoded."""
        if not isinstance(request, Describe):
            raise RequestError(f"The vision worker cannot answer {type(request).__name__}.")
        self._rules.check(request.images)
        progress = Progress(
            request_id=request.request_id, done=0, total=len(request.images), unit="pictures"
        )
        yield progress
        yield from self._engine.describe(
            request, self._rules.decoded(request.images, cancel), cancel
        )

    def close(self) -> None:
        """Free the engine."""
        self._engine.close()
