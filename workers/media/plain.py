"""Speech as WAV or raw samples, which need no codec: written at once, without a process.

A process for each answer took 0.13 s of the cores that the voice wanted for its first sentence.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from .audio import float_to_pcm, pcm_to_float, streamed_wav_header

if TYPE_CHECKING:
    import soxr

PLAIN = ("wav", "pcm")
"""Formats, of `audio.FORMATS`."""
_MAX_WAITING = 4
"""Sentences that wait for a slow reader."""


class PlainEncoder:
    """See `Encoder`."""

    def __init__(self, name: str, rate_hz: int) -> None:
        """`rate_hz`: of the file; 0: as spoken."""
        self._has_header = name != "wav"
        self._rate_hz = rate_hz
        self._resampler: soxr.ResampleStream | None = None
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue(_MAX_WAITING)
        self._has_ended, self._last = False, b""

    async def feed(self, pcm: bytes, sample_rate: int) -> None:
        """See `Encoder.feed`."""
        rate_hz = self._rate_hz or sample_rate
        if rate_hz != sample_rate:
            pcm = await asyncio.to_thread(self._resampled, pcm, sample_rate, rate_hz)
        if not self._has_header:
            pcm, self._has_header = streamed_wav_header(rate_hz) + pcm, True
        if pcm:
            await self._pieces.put(pcm)

    def end(self) -> None:
        """See `Encoder.end`."""
        self._last = b"" if self._resampler is None else _tail(self._resampler)
        self._has_ended = True
        if self._pieces.empty():
            self._pieces.put_nowait(b"")  # wakes a reader that waits

    async def read(self) -> bytes:
        """See `Encoder.read`."""
        while not (self._has_ended and self._pieces.empty()):
            if data := await self._pieces.get():
                return data
        tail, self._last = self._last, b""
        return tail

    def _resampled(self, pcm: bytes, from_hz: int, to_hz: int) -> bytes:
        import soxr

        if self._resampler is None:
            self._resampler = soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32")
        return float_to_pcm(self._resampler.resample_chunk(pcm_to_float(pcm)))


def _tail(resampler: Any) -> bytes:
    """Return what a resampler still holds."""
    return float_to_pcm(resampler.resample_chunk(pcm_to_float(b""), last=True))
