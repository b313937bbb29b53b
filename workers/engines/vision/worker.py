"""The vision worker: checks and decodes pictures, hands them to its engine."""

from __future__ import annotations

from collections.abc import Iterator

from workers.engines.contract import CancelToken
from workers.messages import Describe, Event, Loading, Media, Progress, Ready, Request
from workers.messages.errors import RequestError, UnsupportedInputError
from workers.messages.process_spec import ReportLoading, WorkerSettings
from workers.models.weights import verified_folder

from .engine import VisionEngine
from .images import Picture, check_header, decode

DEFAULT_MAX_IMAGES = 8
DEFAULT_MAX_PIXELS = 50_000_000


class VisionWorker:
    """One vision engine behind the worker protocol."""

    def __init__(self, engine: VisionEngine) -> None:
        self._engine = engine
        self._max_images = DEFAULT_MAX_IMAGES
        self._max_pixels = DEFAULT_MAX_PIXELS

    def load(self, settings: WorkerSettings, report: ReportLoading) -> Ready:
        """Verify the weights and load the engine."""
        self._max_images = int(settings.limits.get("max_images", DEFAULT_MAX_IMAGES))
        self._max_pixels = int(settings.limits.get("max_pixels", DEFAULT_MAX_PIXELS))
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
        self._check(request.images)
        progress = Progress(
            request_id=request.request_id, done=0, total=len(request.images), unit="pictures"
        )
        yield progress
        yield from self._engine.describe(request, self._decoded(request.images, cancel), cancel)

    def close(self) -> None:
        """Free the engine."""
        self._engine.close()

    def _check(self, images: tuple[Media, ...]) -> None:
        if not images:
            raise UnsupportedInputError("No picture was sent.", hint="Add at least one picture.")
        if len(images) > self._max_images:
            raise UnsupportedInputError(
                f"{len(images)} pictures were sent; at most {self._max_images} fit one request.",
                hint="Send them in several requests.",
            )
        for media in images:
            check_header(media, self._max_pixels)

    def _decoded(self, images: tuple[Media, ...], cancel: CancelToken) -> Iterator[Picture]:
        for media in images:
            if cancel.is_cancelled:
                return
            yield decode(media, self._max_pixels)
