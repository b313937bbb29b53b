"""Cuts a stream of PCM at pauses into windows that an engine hears in one go.

Each window holds up to 30 s of speech; silence is dropped (or kept, on request). Work and memory
grow linearly with the recording, and the first window is ready after its first half minute.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from .engine import SAMPLE_RATE_HZ, WINDOW_S

if TYPE_CHECKING:
    from .engine import Pcm

Span = tuple[int, int]
"""First sample and one past the last."""
FindSpeech = Callable[["Pcm"], list[Span]]
"""(n,) samples → stretches of speech, in order, each shorter than `WINDOW_S`."""

WINDOW = WINDOW_S * SAMPLE_RATE_HZ
TAIL = SAMPLE_RATE_HZ // 2
"""Kept of a silent end, so that a word that begins right after it is not clipped."""

RIM_S = 0.5
"""At least the silence that voice detection leaves around speech."""


@dataclass(frozen=True, slots=True)
class Window:
    """What an engine hears in one go, and where that lies in the recording."""

    pcm: Pcm
    """(n,) samples, n ≤ 480,000; 0 where there is nothing but silence."""
    offsets_s: tuple[float, ...]
    """Where each piece begins in `pcm`…"""
    starts_s: tuple[float, ...]
    """…and in the recording."""
    end_s: float
    """Everything before this moment of the recording has been heard."""

    def to_recording(self, start_s: float, end_s: float) -> tuple[float, float]:
        """Moments of the recording at which something begins and ends, from those in the window.

        Recognisers are a little late or early; what reaches only into a neighbour's silent rim
        does not stretch over the silence that was dropped between the two.
        """
        first = max(bisect_right(self.offsets_s, start_s) - 1, 0)
        last = max(bisect_left(self.offsets_s, end_s) - 1, first)
        if first < last and self.offsets_s[first + 1] - start_s < RIM_S:
            first += 1
            start_s = self.offsets_s[first]
        if first < last and end_s - self.offsets_s[last] < RIM_S:
            end_s = self.offsets_s[last]
            last -= 1
        start_s += self.starts_s[first] - self.offsets_s[first]
        end_s += self.starts_s[last] - self.offsets_s[last]
        return min(start_s, self.end_s), min(max(start_s, end_s), self.end_s)


def cut_windows(
    blocks: Iterable[Pcm], find_speech: FindSpeech, *, keep_silence: bool
) -> Iterator[Window]:
    """Yield windows in order; an empty one says that a stretch held no speech."""
    import numpy as np

    packer = _Packer()
    buffer: Pcm = np.empty(0, dtype=np.float32)
    start = 0
    for block in blocks:
        buffer = np.concatenate((buffer, block))
        while len(buffer) >= WINDOW:
            spans, used = _settled(find_speech(buffer[:WINDOW]), keep_silence)
            yield from packer.add(buffer, spans, start)
            if not spans and packer.is_empty:
                yield _silence(buffer[:0], start + used)
            buffer = buffer[used:]
            start += used
    spans = find_speech(buffer) if len(buffer) else []
    if keep_silence and len(buffer):
        spans = _covering(spans, len(buffer))
    yield from packer.add(buffer, spans, start)
    yield from packer.flush()
    yield _silence(buffer[:0], start + len(buffer))


def _silence(nothing: Pcm, end: int) -> Window:
    return Window(nothing, (), (), end / SAMPLE_RATE_HZ)


def _settled(spans: list[Span], keep_silence: bool) -> tuple[list[Span], int]:
    """Return the spans of a full window that have ended, and how many samples they settle.

    Speech that reaches the end of the window may go on: it is left for the next one.
    """
    is_open = bool(spans) and spans[-1][1] >= WINDOW and spans[-1][0] > 0
    closed = spans[:-1] if is_open else spans
    used = spans[-1][0] if is_open else WINDOW - TAIL
    if closed:
        used = max(used, closed[-1][1])
    return (_covering(closed, used) if keep_silence else closed), used


def _covering(spans: list[Span], end: int) -> list[Span]:
    """Stretch spans over the silence between them, so that they cover [0, end)."""
    middles = [(before[1] + after[0]) // 2 for before, after in pairwise(spans)]
    return list(pairwise([0, *middles, end]))


class _Packer:
    """Collects stretches of speech until a window is full."""

    def __init__(self) -> None:
        self._pieces: list[Pcm] = []
        self._starts: list[int] = []
        self._num_samples = 0

    @property
    def is_empty(self) -> bool:
        return not self._pieces

    def add(self, pcm: Pcm, spans: list[Span], start: int) -> Iterator[Window]:
        """Take the spans of `pcm`, whose first sample is the recording's sample `start`."""
        for first, last in spans:
            if self._num_samples + last - first > WINDOW:
                yield from self.flush()
            self._pieces.append(pcm[first:last])
            self._starts.append(start + first)
            self._num_samples += last - first

    def flush(self) -> Iterator[Window]:
        """Yield what was collected, if anything."""
        import numpy as np

        if self.is_empty:
            return
        offsets = np.cumsum([0, *(len(piece) for piece in self._pieces[:-1])])
        yield Window(
            np.concatenate(self._pieces),
            tuple(float(offset) / SAMPLE_RATE_HZ for offset in offsets),
            tuple(start / SAMPLE_RATE_HZ for start in self._starts),
            (self._starts[-1] + len(self._pieces[-1])) / SAMPLE_RATE_HZ,
        )
        self._pieces, self._starts, self._num_samples = [], [], 0
