"""What a speech recogniser must offer; everything around it is shared by all of them.

To add one: write a file beside `fasterwhisper.py` with this protocol, and its record in `specs.py`.
Decoding, limits, silence and events stay in `worker.py` and its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from workers.engines.contract import CancelToken, Engine
from workers.messages import Decoding, Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pcm = NDArray[np.float32]

SAMPLE_RATE_HZ = 16_000
"""What every engine is given: mono, float32 in [-1, 1]."""
WINDOW_S = 30
"""The longest stretch an engine is given at once: what Whisper looks at in one go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A recognised stretch; times in seconds from the start of the window."""

    start_s: float
    end_s: float
    text: str
    words: tuple[Word, ...] = ()
    decoding: Decoding | None = None
    """Its `window_start_s` counts from the start of the window, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """How to listen."""

    language: str
    """ISO 639-1 code, one of the engine's; "": it was not given, and the engine does not say."""
    translate: bool = False
    word_timestamps: bool = False
    initial_prompt: str | None = None
    hotwords: str | None = None


class SttEngine(Engine, Protocol):
    """One recognition library around one model.

    One that computes here has one slot: it uses all threads that it is given, so that two
    recordings at once would each take twice as long.
    """

    languages: tuple[str, ...] = ()
    """ISO 639-1 codes, known after `load`; (): nobody says which."""
    can_translate: bool = False
    """Into English; known after `load`, as are the three that follow."""
    takes_prompt: bool = True
    """Whether context and expected words steer its spelling."""
    has_word_times: bool = True
    needs_language: bool = False
    """Whether it must be told which of its languages is spoken, because it cannot find out."""

    def detect_language(self, pcm: Pcm, cancel: CancelToken) -> tuple[str, float]:
        """Return the likeliest language of (n,) samples and its probability; ("", 0) if unknown."""
        ...

    @property
    def batch_size(self) -> int:
        """Windows that the next `transcribe_batch` is best given; another may want fewer or more."""
        return 1

    def transcribe(self, pcm: Pcm, hints: Hints, cancel: CancelToken) -> Iterator[Segment]:
        """Recognise (n,) samples, at most `WINDOW_S` of them, in order; ends early on cancel."""
        ...

    def transcribe_batch(
        self, windows: Sequence[Pcm], hints: Hints, cancel: CancelToken
    ) -> Iterator[tuple[int, Segment]]:
        """Recognise windows of one recording: a window's number and a segment, in order."""
        for number, pcm in enumerate(windows):
            for segment in self.transcribe(pcm, hints, cancel):
                yield number, segment
