"""A model that tells the size and the mean colour of pictures: see `workers.engines.common.fake`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from workers.engines.common.fake import Fake, rest
from workers.engines.contract import CancelToken
from workers.messages import Describe, Event, Finished, Progress, TextDelta, Usage
from workers.messages.process_spec import ReportLoading, WorkerSettings

from .engine import VisionEngine

if TYPE_CHECKING:
    from workers.engines.common.pictures.images import Picture

DEFAULT_CONTEXT_TOKENS = 4096


class FakeVisionEngine(VisionEngine):
    """See `VisionEngine`."""

    capabilities = frozenset({"answers"})

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`."""
        self._fake, self.slots = Fake(settings, report), settings.slots
        self.context_length = settings.card.context_length or DEFAULT_CONTEXT_TOKENS

    def describe(
        self, request: Describe, pictures: Iterator[Picture], cancel: CancelToken
    ) -> Iterator[Event]:
        """See `VisionEngine`."""
        asked = request.messages[-1].text if request.messages else ""
        self._fake.obey(asked)
        num_words = 0
        for number, picture in enumerate(pictures, start=1):
            yield Progress(
                request_id=request.request_id,
                done=number,
                total=len(request.images),
                unit="pictures",
            )
            for word in _seen(picture).split():
                rest(self._fake.pace(asked), cancel)
                if cancel.is_cancelled:
                    return
                num_words += 1
                yield TextDelta(request_id=request.request_id, text=word + " ")
        usage = Usage(completion_tokens=num_words, image_tokens=len(request.images))
        yield Finished(request_id=request.request_id, usage=usage)

    def close(self) -> None:
        """See `Engine.close`."""
        del self._fake


def _seen(picture: Picture) -> str:
    """For example "receipt.png: 640 × 480 pixels, mostly #f0f0f0."."""
    red, green, blue = (round(float(mean)) for mean in picture.pixels.mean(axis=(0, 1))[:3])
    colour = f"#{red:02x}{green:02x}{blue:02x}"
    return f"{picture.name}: {picture.width} × {picture.height} pixels, mostly {colour}."
