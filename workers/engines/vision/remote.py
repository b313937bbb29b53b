"""Vision-language models of another server, through OpenAI's chat route.

Pictures are sent as they were decoded here: the right way up, scaled down, and without what a
camera writes beside the pixels (the place, the time, the device).
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workers.engines.common.pictures.conversation import turns_with_pictures
from workers.engines.common.remote.chat import Json, RemoteAnswer, chunks_of, sampling_json
from workers.engines.common.remote.connection import (
    RemoteOptions,
    RemoteServer,
    access_to,
    connect,
    options_of,
)
from workers.engines.contract import CancelToken
from workers.messages import ChatMessage, Describe, Event, Finished, Progress, TextDelta
from workers.messages.process_spec import ReportLoading, WorkerSettings

from .engine import VisionEngine

if TYPE_CHECKING:
    from workers.engines.common.pictures.images import Picture

JPEG_QUALITY = 90


class RemoteVisionOptions(RemoteOptions):
    """Options of a card for vision."""

    max_side_px: int = 2048
    """Longer sides are scaled down to it: most models look at less."""


class RemoteVisionEngine(VisionEngine):
    """One vision-language model of another server."""

    capabilities = frozenset({"answers"})

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`. Nothing is sent."""
        self.options = options_of(settings.card, RemoteVisionOptions)
        access = access_to(settings.card, self.options)
        self._server = access.server
        self._client = connect(access, self.options)
        self._remote = RemoteServer(access, self._client)
        self.device = access.server.host
        self.slots = self.options.slots
        self.context_length = settings.card.context_length

    def describe(
        self, request: Describe, pictures: Iterator[Picture], cancel: CancelToken
    ) -> Iterator[Event]:
        """See `VisionEngine.describe`."""
        parts = []
        for number, picture in enumerate(pictures, start=1):
            parts.append(_image_part(picture, self.options.max_side_px))
            yield Progress(
                request_id=request.request_id,
                done=number,
                total=len(request.images),
                unit="pictures",
            )
        if cancel.is_cancelled:
            return
        body = sampling_json(request.sampling, self.options, self._server)
        body |= {"model": self._server.model, "stream": True}
        body["stream_options"] = {"include_usage": True}
        body["messages"] = _turns(request.messages, parts)
        create: Any = self._client.chat.completions.create
        answer = RemoteAnswer(self._server)
        with closing(self._remote.stream(lambda: chunks_of(create(**body)), cancel)) as chunks:
            for choice in answer.choices(chunks):
                if text := (choice.get("delta") or {}).get("content"):
                    yield TextDelta(request_id=request.request_id, text=text)
        if not cancel.is_cancelled:
            reason, usage = answer.end()
            yield Finished(request_id=request.request_id, reason=reason, usage=usage)

    def close(self) -> None:
        """See `Engine.close`."""
        self._remote.close()


def _turns(messages: tuple[ChatMessage, ...], parts: list[Json]) -> list[Json]:
    turns: list[Json] = []
    for turn in turns_with_pictures(messages, len(parts)):
        content: Any = turn.text
        if turn.num_pictures:
            content = [*parts, {"type": "text", "text": turn.text}]
        turns.append({"role": turn.role, "content": content})
    return turns


def _image_part(picture: Picture, max_side_px: int) -> Json:
    from PIL import Image

    image = Image.fromarray(picture.pixels)
    image.thumbnail((max_side_px, max_side_px))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=JPEG_QUALITY)
    data = base64.b64encode(buffer.getvalue()).decode()
    return {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{data}"}}
