"""Several windows of a recording decoded together by faster-whisper, and what must be heard again.

One pass of the decoder's weights through memory serves all windows, and greedy search is enough where
beam search would be: a long recording takes 0.6 of the processor's time with no more wrong words
(benchmarks/speech.py). Two things the library leaves out here are made up for by the caller, window by
window: what is unlikely or repeats itself is tried again warmer, and where the model stopped early the
rest is heard (without it, one word in forty was lost).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .engine import SAMPLE_RATE_HZ, WINDOW_S, Hints

if TYPE_CHECKING:
    from .engine import Pcm

SLOT = WINDOW_S * SAMPLE_RATE_HZ
FRAMES_PER_S = 100
"""Mel frames, in which Whisper counts its way through a recording."""
FIRST_SIZE = 2
MAX_BATCH_S = 4.0
"""What is written down appears as soon as its batch is done, and a stopped batch runs out."""
MAX_COMPRESSION = 2.4
MIN_LOGPROB = -1.0
"""Bounds of Whisper's own, beyond which a window is heard again."""
MAX_SILENT_END_S = 1.0
"""A window ends in the silence that voice detection left around speech; more was not heard."""


@dataclass(frozen=True, slots=True)
class HeardWindow:
    """What came of one window."""

    segments: tuple[Any, ...]
    """Of faster-whisper; their times count from the start of the batch, see `BatchDecoder`."""
    rest_from_s: float | None
    """From where the window must be heard by itself; None: it is done."""


class BatchDecoder:
    """Decodes windows that lie `WINDOW_S` apart in one array, and learns how many to take at once."""

    def __init__(self, whisper: Any, max_size: int) -> None:
        """`max_size`: windows for which there is memory."""
        from faster_whisper import BatchedInferencePipeline

        self._pipeline = BatchedInferencePipeline(whisper)
        self._max_size = max_size
        self.size = min(FIRST_SIZE, max_size)
        """Windows to decode together, by how long the last batch took."""

    def note(self, num_windows: int, took_s: float) -> None:
        """Learn from a batch how large the next may be."""
        fitting = int(MAX_BATCH_S * num_windows / max(took_s, 1e-3))
        self.size = min(max(fitting, FIRST_SIZE), self._max_size)

    def decode(self, windows: Sequence[Pcm], hints: Hints) -> list[HeardWindow]:
        """Return what was heard in each window. Raises: RuntimeError."""
        import numpy as np

        audio = np.zeros(SLOT * len(windows), dtype=np.float32)
        for number, pcm in enumerate(windows):
            audio[number * SLOT : number * SLOT + len(pcm)] = pcm
        clips = [
            {"start": number * WINDOW_S, "end": number * WINDOW_S + len(pcm) / SAMPLE_RATE_HZ}
            for number, pcm in enumerate(windows)
        ]
        segments, _ = self._pipeline.transcribe(
            audio,
            language=hints.language,
            task="translate" if hints.translate else "transcribe",
            temperature=0.0,
            beam_size=1,
            without_timestamps=False,
            word_timestamps=hints.word_timestamps,
            initial_prompt=f" {hints.initial_prompt.strip()}" if hints.initial_prompt else None,
            hotwords=hints.hotwords or None,
            clip_timestamps=clips,
            batch_size=len(windows),
        )
        found: list[list[Any]] = [[] for _ in windows]
        for segment in segments:
            found[segment.seek // (WINDOW_S * FRAMES_PER_S)].append(segment)
        return [
            _judged(number, segments, len(pcm) / SAMPLE_RATE_HZ)
            for number, (segments, pcm) in enumerate(zip(found, windows, strict=True))
        ]


def _judged(number: int, segments: list[Any], duration_s: float) -> HeardWindow:
    """Say what of a window counts. Empty segments are dropped, as the library does elsewhere."""
    text = "".join(segment.text for segment in segments).encode()
    repeats = len(text) / len(zlib.compress(text)) > MAX_COMPRESSION
    if not segments or repeats or segments[0].avg_logprob < MIN_LOGPROB:
        return HeardWindow((), 0.0)
    kept = tuple(s for s in segments if s.text.strip() and s.end > s.start)
    end_s = segments[-1].end - number * WINDOW_S
    return HeardWindow(kept, end_s if duration_s - end_s > MAX_SILENT_END_S else None)
