"""From any audio or video file to blocks of mono PCM at 16 kHz, as a stream.

Knows containers and codecs (through PyAV, which carries FFmpeg), nothing of speech. A file of hours
needs no more memory than a short one, and its first seconds are heard at once.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from workers.engines.contract import CancelToken
from workers.media.audio import CONTAINERS
from workers.messages import Media
from workers.messages.errors import UnsupportedInputError

from .engine import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    import av
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream

    from .engine import Pcm

BLOCK_S = 5
HINT = "Send a recording as wav, mp3, m4a, ogg, flac, webm or mp4."


def clock(seconds: float) -> str:
    """Format a length for people: 65 → "1:05", 3665 → "1:01:05"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class Recording:
    """One opened file, ready to be decoded once."""

    def __init__(self, container: av.container.InputContainer, name: str, max_s: float) -> None:
        self._container = container
        self._name = name
        self._max_s = max_s
        self.duration_s = 0.0
        """What the file says of itself; exact once all blocks were read."""

    @property
    def _stream(self) -> AudioStream:
        return self._container.streams.audio[0]

    def blocks(self, cancel: CancelToken) -> Iterator[Pcm]:
        """Decode about `BLOCK_S` at a time: (n,) float32 in [-1, 1].

        Ends early on cancel. Raises: UnsupportedInputError if nothing can be decoded or the file
        turns out longer than the limit.
        """
        pieces: list[bytes] = []
        num_pending, num_samples = 0, 0
        for piece in self._pcm(cancel):
            pieces.append(piece)
            cancel.progressed()
            num_pending += len(piece) // 2
            num_samples += len(piece) // 2
            check_length(self._name, num_samples / SAMPLE_RATE_HZ, self._max_s)
            if num_pending >= BLOCK_S * SAMPLE_RATE_HZ:
                yield _to_float(pieces)
                pieces, num_pending = [], 0
        if cancel.is_cancelled:
            return
        if num_samples == 0:
            raise UnsupportedInputError(f"{self._name} holds no sound that can be decoded.", HINT)
        self.duration_s = num_samples / SAMPLE_RATE_HZ
        if pieces:
            yield _to_float(pieces)

    def _pcm(self, cancel: CancelToken) -> Iterator[bytes]:
        """Signed 16-bit samples, mono, 16 kHz; starts with silence where the sound begins late."""
        resampler = _new_resampler()
        is_first = True
        for frame in self._frames(cancel):
            if is_first:
                yield bytes(2 * int(self._lead_in_s(frame) * SAMPLE_RATE_HZ))
                is_first = False
            frame.pts = None
            try:
                resampled = resampler.resample(frame)
            except ValueError:  # the format changes within the file
                resampler = _new_resampler()
                resampled = resampler.resample(frame)
            for out in resampled:
                yield bytes(out.planes[0])[: out.samples * 2]
        if not is_first:
            for out in resampler.resample(None):
                yield bytes(out.planes[0])[: out.samples * 2]

    def _frames(self, cancel: CancelToken) -> Iterator[AudioFrame]:
        """Decoded frames; damaged packets are left out, as players do."""
        import av

        packets = self._container.demux(self._stream)
        while not cancel.is_cancelled:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                yield from packet.decode()
            except av.error.EOFError:
                return
            except av.error.FFmpegError:
                continue

    def _lead_in_s(self, first: AudioFrame) -> float:
        """How long after the picture the sound begins, so that subtitles fit the video."""
        if not self._container.streams.video or first.time is None:
            return 0.0
        start_s = (self._container.start_time or 0) / 1_000_000
        return min(max(first.time - start_s, 0.0), self._max_s)


@contextmanager
def open_recording(media: Media, max_s: float) -> Iterator[Recording]:
    """Open a file and check it. Raises: UnsupportedInputError with a sentence that says why not."""
    with _open_file(media) as file, _open_container(file, media.name) as container:
        recording = Recording(container, media.name, max_s)
        if not container.streams.audio:
            raise UnsupportedInputError(f"{media.name} has no sound track.", HINT)
        recording.duration_s = _stated_duration_s(container)
        if not 0 < recording.duration_s <= max_s:
            recording.duration_s = _measured_duration_s(media)
        check_length(media.name, recording.duration_s, max_s)
        yield recording


def check_length(name: str, duration_s: float, max_s: float) -> None:
    """Raises: UnsupportedInputError naming both lengths if the recording is too long."""
    if duration_s > max_s:
        raise UnsupportedInputError(
            f"{name} is {clock(duration_s)} long; the limit is {clock(max_s)}.",
            "Cut it into shorter recordings, or raise the limit max_audio_s in the settings.",
        )


def _to_float(pieces: list[bytes]) -> Pcm:
    """Signed 16-bit samples → float32 in [-1, 1)."""
    import numpy as np

    pcm: Pcm = np.frombuffer(b"".join(pieces), dtype="<i2").astype(np.float32)
    pcm /= 32768
    return pcm


def _file_of(media: Media) -> BinaryIO:
    """Open without a name: FFmpeg would believe its ending rather than what is inside."""
    if media.data is None and media.path is not None:
        return os.fdopen(os.open(media.path, os.O_RDONLY), "rb")
    return io.BytesIO(media.data or b"")


def _open_file(media: Media) -> BinaryIO:
    try:
        file = _file_of(media)
    except OSError as err:
        raise UnsupportedInputError(f"{media.name} cannot be read: {err.strerror}.") from err
    if file.seek(0, io.SEEK_END) == 0:
        file.close()
        raise UnsupportedInputError(f"{media.name} is empty (0 bytes).", HINT)
    file.seek(0)
    return file


def _open_container(file: BinaryIO, name: str) -> av.container.InputContainer:
    import av

    try:
        return av.open(
            file,
            mode="r",
            metadata_errors="ignore",
            container_options={"format_whitelist": CONTAINERS},
        )
    except (av.error.FFmpegError, ValueError) as err:
        raise UnsupportedInputError(
            f"{name} is not a recording that can be read: neither audio nor video was found in it.",
            HINT,
        ) from err


def _new_resampler() -> av.AudioResampler:
    import av

    return av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE_HZ)


def _stated_duration_s(container: av.container.InputContainer) -> float:
    """What the headers say; 0 if they say nothing."""
    stream = container.streams.audio[0]
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / 1_000_000


def _measured_duration_s(media: Media) -> float:
    """Read all packets without decoding them: for files whose header is silent or absurd."""
    last_s = 0.0
    with _open_file(media) as file, _open_container(file, media.name) as container:
        stream = container.streams.audio[0]
        for packet in container.demux(stream):
            if packet.pts is not None and packet.time_base is not None:
                last_s = float((packet.pts + (packet.duration or 0)) * packet.time_base)
    return last_s
