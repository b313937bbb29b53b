"""Finds speech with Silero VAD, whose model travels inside faster-whisper.

It runs on ONNX Runtime with one thread, which neither spins nor competes with the engine's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workers.specs.spec import missing_library

from .engine import SAMPLE_RATE_HZ
from .windows import Span

if TYPE_CHECKING:
    from .engine import Pcm

MIN_SILENCE_MS = 500
PAD_MS = 400
MAX_SPEECH_S = 25
"""Longer talk without a pause is cut at its longest breath, so that a window never fills up."""


class SileroVad:
    """Callable: samples → stretches of speech."""

    def __init__(self) -> None:
        try:
            from faster_whisper import vad
        except ImportError as err:
            raise missing_library("stt", "fasterwhisper", err) from err
        self._vad = vad
        self._options = vad.VadOptions(
            min_silence_duration_ms=MIN_SILENCE_MS,
            speech_pad_ms=PAD_MS,
            max_speech_duration_s=MAX_SPEECH_S,
        )
        vad.get_vad_model()

    def __call__(self, pcm: Pcm) -> list[Span]:
        """Return stretches of speech in (n,) samples at 16 kHz, each at most `MAX_SPEECH_S`."""
        spans = self._vad.get_speech_timestamps(pcm, self._options, SAMPLE_RATE_HZ)
        return [(span["start"], span["end"]) for span in spans]
