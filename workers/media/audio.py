"""Sound as bytes: 16-bit PCM to and from float32 and WAV, resampling, and the encoders.

PCM here is always signed 16-bit little-endian, mono. NumPy, soxr, PyAV and our messages are imported
when first needed, so that an encoder's process starts soon.

    python -m workers.media.audio IN.wav OUT.mp3

encodes in a process of its own, so that a page's process never loads a codec.
"""

from __future__ import annotations

import io
import struct
import sys
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    FloatArray = npt.NDArray[np.float32]

PCM_WIDTH = 2
"""Bytes of one sample."""
PCM_SCALE = 32768
"""Full scale: what 1.0 becomes."""
WAV_HEADER_SIZE = 44
"""Bytes before the first sample in the files that `wave` writes."""
SPEECH_RATE_HZ = 16_000
"""What speech recognisers listen at."""
CONTAINERS = (
    "aac,ac3,aiff,amr,ape,asf,asf_o,au,avi,caf,dts,eac3,flac,flv,matroska,webm,mov,mp4,m4a,3gp,3g2,"
    "mp2,mp3,mpeg,mpegts,nut,ogg,rm,tta,voc,w64,wav,wv"
)
"""FFmpeg demuxers that read sound from the file itself. Playlists (hls, dash, concat) would open
other files and addresses, and FFmpeg's text and picture formats are no recordings."""
FRAME_S = 0.1
"""How much PCM is handed to an encoder at once: cancelling never waits for more."""


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """How FFmpeg writes one kind of file."""

    container: str
    codec: str
    mime: str
    sample_format: str
    bit_rate: int = 0
    """Bits per second; 0 for lossless."""
    rate_hz: int = 0
    """The only sample rate it takes; 0: any."""
    options: tuple[tuple[str, str], ...] = ()
    """For FFmpeg's muxer."""


FORMATS: dict[str, AudioFormat] = {
    "wav": AudioFormat("wav", "pcm_s16le", "audio/wav", "s16"),
    "flac": AudioFormat("flac", "flac", "audio/flac", "s16"),
    "mp3": AudioFormat("mp3", "libmp3lame", "audio/mpeg", "s16p", bit_rate=64_000),
    "opus": AudioFormat(
        "ogg",
        "libopus",
        "audio/ogg",
        "s16",
        bit_rate=32_000,
        rate_hz=48_000,
        options=(("page_duration", "200000"),),  # µs; FFmpeg's second would hold speech back
    ),
    "aac": AudioFormat("adts", "aac", "audio/aac", "fltp", bit_rate=64_000),
    "pcm": AudioFormat("s16le", "pcm_s16le", "audio/pcm", "s16"),
}
"""Name of the format, which is also the file's extension → how to write it."""


def format_of(name: str) -> AudioFormat:
    """Return the named format. Raises: UnsupportedInputError listing the known ones."""
    if name not in FORMATS:
        from workers.messages.errors import UnsupportedInputError

        raise UnsupportedInputError(
            f"{name!r} is not an audio format that Quintet writes.",
            hint=f"Choose one of: {', '.join(FORMATS)}.",
        )
    return FORMATS[name]


def duration_s(pcm: bytes, sample_rate: int) -> float:
    """Return how long the PCM lasts."""
    return len(pcm) / PCM_WIDTH / sample_rate


def silence(seconds: float, sample_rate: int) -> bytes:
    """Return that much quiet PCM."""
    return bytes(PCM_WIDTH * round(seconds * sample_rate))


def pcm_to_float(pcm: bytes) -> FloatArray:
    """PCM → (n,) float32 in [-1, 1]."""
    import numpy as np

    samples: FloatArray = np.frombuffer(pcm, dtype="<i2").astype(np.float32)
    samples /= np.float32(PCM_SCALE)
    return samples


def float_to_pcm(samples: FloatArray) -> bytes:
    """(n,) float32 in [-1, 1] → PCM; what lies outside is clipped."""
    import numpy as np

    scaled = np.rint(np.asarray(samples) * PCM_SCALE)
    return np.clip(scaled, -PCM_SCALE, PCM_SCALE - 1).astype("<i2").tobytes()


def resample(pcm: bytes, from_hz: int, to_hz: int) -> bytes:
    """Change the sample rate of a whole piece of PCM, keeping its length in seconds."""
    if from_hz == to_hz or not pcm:
        return pcm
    import soxr

    return float_to_pcm(soxr.resample(pcm_to_float(pcm), from_hz, to_hz))


def pcm_to_wav(pcm: bytes, sample_rate: int) -> bytes:
    """PCM → a whole WAV file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        open_mono(file, sample_rate)
        file.writeframes(pcm)
    return buffer.getvalue()


def streamed_wav_header(sample_rate: int) -> bytes:
    """Return what comes before PCM whose length nobody knows yet: a WAV header that says so."""
    unknown = 0xFFFFFFFF
    bytes_per_s = sample_rate * PCM_WIDTH
    kind = struct.pack("<IHHIIHH", 16, 1, 1, sample_rate, bytes_per_s, PCM_WIDTH, 8 * PCM_WIDTH)
    head = b"RIFF" + struct.pack("<I", unknown) + b"WAVEfmt " + kind
    return head + b"data" + struct.pack("<I", unknown)


def wav_to_pcm(data: bytes) -> tuple[bytes, int]:
    """A 16-bit mono WAV file → (PCM, sample rate). Raises: UnsupportedInputError for any other."""
    from workers.messages.errors import UnsupportedInputError

    try:
        with wave.open(io.BytesIO(data), "rb") as file:
            if (file.getsampwidth(), file.getnchannels()) != (PCM_WIDTH, 1):
                raise UnsupportedInputError("The WAV file is not 16-bit mono.")
            return file.readframes(file.getnframes()), file.getframerate()
    except (wave.Error, EOFError) as err:
        raise UnsupportedInputError(f"This is not a WAV file: {err}.") from err


def open_mono(file: wave.Wave_write, sample_rate: int) -> None:
    """Set up a WAV file for our PCM."""
    file.setnchannels(1)
    file.setsampwidth(PCM_WIDTH)
    file.setframerate(sample_rate)


class StreamEncoder:
    """Encodes PCM as it comes: `feed` returns the bytes that are ready, `finish` the rest.

    Written to a seekable `target`, the file also gets the length in its header; read through
    `feed`, as an HTTP answer is, the header says "unknown" and players count for themselves.
    `rate_hz` changes the sample rate where the format leaves a choice; 0 keeps it.
    """

    def __init__(
        self, name: str, sample_rate: int, target: Path | None = None, rate_hz: int = 0
    ) -> None:
        import av

        spec = format_of(name)
        rate_hz = spec.rate_hz or rate_hz or sample_rate
        self._pipe = _Pipe()
        self._sample_rate = sample_rate
        file: Any = str(target) if target else self._pipe
        self._container = av.open(
            file, "w", format=spec.container, container_options=dict(spec.options)
        )
        stream: Any = self._container.add_stream(spec.codec, rate=rate_hz)
        stream.codec_context.layout = "mono"
        stream.codec_context.format = spec.sample_format
        if spec.bit_rate:
            stream.bit_rate = spec.bit_rate
        self._stream = stream
        stream.codec_context.open()
        self._resampler = av.AudioResampler(
            format=spec.sample_format,
            layout="mono",
            rate=rate_hz,
            frame_size=stream.codec_context.frame_size or None,
        )
        self._num_samples = 0

    def feed(self, pcm: bytes) -> bytes:
        """Encode more PCM; may return nothing yet."""
        import av

        if not pcm:
            return b""
        num_samples = len(pcm) // PCM_WIDTH
        frame = av.AudioFrame(format="s16", layout="mono", samples=num_samples)
        frame.planes[0].update(pcm)
        frame.sample_rate = self._sample_rate
        frame.pts = self._num_samples
        self._num_samples += num_samples
        self._write(frame)
        return self._pipe.drain()

    def finish(self) -> bytes:
        """Write out what the encoder still holds and close the file."""
        self._write(None)
        for packet in self._stream.encode(None):
            self._container.mux(packet)
        self._container.close()
        return self._pipe.drain()

    def _write(self, frame: Any) -> None:
        for piece in self._resampler.resample(frame):
            for packet in self._stream.encode(piece):
                self._container.mux(packet)


class _Pipe(io.RawIOBase):
    """A file that can only be written, and emptied from the other end."""

    def __init__(self) -> None:
        self._ready = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._ready += data
        return len(data)

    def drain(self) -> bytes:
        """Return what was written since the last call."""
        data = bytes(self._ready)
        self._ready.clear()
        return data


def encode(pcm: bytes, sample_rate: int, name: str) -> bytes:
    """PCM → a whole file of the named format. Raises: UnsupportedInputError for an unknown one."""
    format_of(name)
    if name == "pcm":
        return pcm
    if name == "wav":
        return pcm_to_wav(pcm, sample_rate)
    encoder = StreamEncoder(name, sample_rate)
    pieces = [encoder.feed(piece) for piece in slices(pcm, sample_rate)]
    return b"".join([*pieces, encoder.finish()])


def slices(pcm: bytes, sample_rate: int, seconds: float = FRAME_S) -> Iterator[bytes]:
    """Cut PCM into pieces of that many seconds."""
    step = max(1, round(seconds * sample_rate)) * PCM_WIDTH
    for start in range(0, len(pcm), step):
        yield pcm[start : start + step]


def encode_file(source: Path, target: Path) -> None:
    """Encode a 16-bit mono WAV file into the format that the target's extension names.

    Reads a second at a time: an hour of speech needs no more memory than a sentence.
    """
    with wave.open(str(source), "rb") as file:
        rate = file.getframerate()
        encoder = StreamEncoder(target.suffix.removeprefix("."), rate, target)
        while pcm := file.readframes(rate):
            for piece in slices(pcm, rate):
                encoder.feed(piece)
        encoder.finish()


if __name__ == "__main__":
    encode_file(Path(sys.argv[1]), Path(sys.argv[2]))
