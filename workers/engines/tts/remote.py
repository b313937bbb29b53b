"""Voices of another server, through OpenAI's speech route.

The text is cut into sentences here, as for any engine: each is a request, so that the first is heard
while the others are made.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from workers.engines.common.remote.connection import (
    RemoteOptions,
    RemoteServer,
    access_to,
    connect,
    options_of,
)
from workers.engines.contract import CancelToken
from workers.messages.errors import RemoteError
from workers.messages.process_spec import ReportLoading, WorkerSettings

from .engine import TtsEngine

ANY_LANGUAGE = "mul"
"""ISO 639-2 for "several": markup is taken out, numbers are left for the other server to read."""


class RemoteTtsOptions(RemoteOptions):
    """Options of a card for speech-out."""

    voices: tuple[str, ...] = ("alloy",)
    """The first is the default."""
    sample_rate_hz: int = 24_000
    """What is answered here; what the server sends is converted."""


class RemoteTtsEngine(TtsEngine):
    """One speech model of another server."""

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`. Nothing is sent."""
        self.options = options_of(settings.card, RemoteTtsOptions)
        access = access_to(settings.card, self.options)
        self._client = connect(access, self.options)
        self._remote = RemoteServer(access, self._client)
        self.device, self.slots = access.server.host, self.options.slots
        self.sample_rate = self.options.sample_rate_hz
        self.voices = self.options.voices

    def language_of(self, voice: str) -> str:
        """See `TtsEngine.language_of`. Only the other server knows."""
        return ANY_LANGUAGE

    def speak(self, text: str, voice: str, speed: float, cancel: CancelToken) -> bytes:
        """See `TtsEngine.speak`."""
        given: dict[str, Any] = {"voice": voice, "response_format": "wav"}
        if speed != 1.0 and "speed" not in self.options.omit:
            given["speed"] = speed
        answer = self._remote.call(
            self._client.audio.speech.create(input=text, model=self._remote.server.model, **given),
            cancel,
        )
        return b"" if answer is None else self._to_pcm(answer.content)

    def close(self) -> None:
        """See `Engine.close`."""
        self._remote.close()

    def _to_pcm(self, data: bytes) -> bytes:
        """Whatever format the server prefers to send → our PCM at our sample rate."""
        import av

        host = self._remote.server.host
        resampler = av.AudioResampler(format="s16", layout="mono", rate=self.sample_rate)
        try:
            with av.open(io.BytesIO(data)) as file:
                pieces = [
                    piece.to_ndarray().tobytes()
                    for frame in (*file.decode(audio=0), None)
                    for piece in resampler.resample(frame)
                ]
        except (av.FFmpegError, IndexError) as err:
            raise RemoteError(
                f"{host} answered {len(data):,} bytes that are no audio.",
                "Check that its address and model are meant for speech.",
            ) from err
        return b"".join(pieces)
