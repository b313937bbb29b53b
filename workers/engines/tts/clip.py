"""A recording whose voice is to be taken on: what it must be, and how it becomes PCM.

Knows containers and lengths (through PyAV), nothing of any engine.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import chain
from typing import Any

from workers.media.audio import CONTAINERS, PCM_WIDTH, duration_s, pcm_to_float
from workers.messages import Media
from workers.messages.amounts import fine_size_words
from workers.messages.errors import UnsupportedInputError

CLIP_RATE_HZ = 22_050
"""What clips are converted to: enough for any voice, and what XTTS listens at."""
MIN_CLIP_S, MAX_CLIP_S = 3.0, 30.0
MAX_CLIP_MIB = 32
"""No recording of 30 s is larger, unless it is a film."""
SILENT_PEAK = 0.01
"""Of full scale; what never gets louder is no voice."""
HINT = "Record 3 to 30 seconds of one person speaking, without music."


def read_clip(media: Media) -> bytes:
    """Return the clip as PCM at `CLIP_RATE_HZ`, whatever audio or video file it came in.

    Raises: UnsupportedInputError if it cannot be read, is silent, or has a length that is not in
    [`MIN_CLIP_S`, `MAX_CLIP_S`].
    """
    pcm = b"".join(_decoded(media))
    seconds = duration_s(pcm, CLIP_RATE_HZ)
    if seconds < MIN_CLIP_S:
        raise UnsupportedInputError(
            f"The clip {media.name} has {seconds:.1f} s of sound; a voice needs at least "
            f"{MIN_CLIP_S:g} s.",
            HINT,
        )
    if float(abs(pcm_to_float(pcm)).max()) < SILENT_PEAK:
        raise UnsupportedInputError(f"Nothing can be heard in the clip {media.name}.", HINT)
    return pcm


def _decoded(media: Media) -> Iterator[bytes]:
    """Decode no more than the limit and a frame."""
    import av

    data = _bytes_of(media)
    resampler = av.AudioResampler(format="s16", layout="mono", rate=CLIP_RATE_HZ)
    num_samples = 0
    try:
        with av.open(
            io.BytesIO(data),
            metadata_errors="ignore",
            container_options={"format_whitelist": CONTAINERS},
        ) as file:
            for frame in chain(_frames(file), [None]):
                for piece in resampler.resample(frame):
                    num_samples += piece.samples
                    _check_length(media, num_samples)
                    yield bytes(piece.planes[0])[: piece.samples * PCM_WIDTH]
    except (av.FFmpegError, IndexError, ValueError) as err:
        raise UnsupportedInputError(
            f"{media.name} is not a recording that can be read.", HINT
        ) from err


def _frames(file: Any) -> Iterator[Any]:
    for frame in file.decode(audio=0):
        frame.pts = None  # damaged times would be taken for gaps
        yield frame


def _bytes_of(media: Media) -> bytes:
    try:
        data = media.read()
    except OSError as err:
        raise UnsupportedInputError(f"{media.name} cannot be read: {err.strerror}.") from err
    most = MAX_CLIP_MIB * 2**20
    if len(data) > most:
        raise UnsupportedInputError(
            f"The clip {media.name} has {fine_size_words(len(data))}; the limit is {fine_size_words(most)}.",
            HINT,
        )
    return data


def _check_length(media: Media, num_samples: int) -> None:
    if num_samples > MAX_CLIP_S * CLIP_RATE_HZ:
        raise UnsupportedInputError(
            f"The clip {media.name} is longer than {MAX_CLIP_S:g} s.", f"Cut it. {HINT}"
        )
