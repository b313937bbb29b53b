"""PCM, WAV, resampling and the encoders, read back by a decoder."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from workers.media import audio
from workers.messages.errors import UnsupportedInputError

RATE_HZ = 22_050
TONE_HZ = 440
DURATION_S = 1.5


def tone(sample_rate: int = RATE_HZ, seconds: float = DURATION_S) -> bytes:
    times = np.arange(round(sample_rate * seconds)) / sample_rate
    return audio.float_to_pcm((0.5 * np.sin(2 * np.pi * TONE_HZ * times)).astype(np.float32))


def decode(data: bytes | str) -> tuple[np.ndarray, int]:
    with av.open(io.BytesIO(data) if isinstance(data, bytes) else data) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
        rate = container.streams.audio[0].rate
    samples = np.concatenate(frames, axis=1)[0]
    return samples.astype(np.float64), rate


def loudest_hz(samples: np.ndarray, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples))
    return float(np.argmax(spectrum) * rate / len(samples))


@pytest.mark.parametrize("name", ["wav", "flac", "mp3", "opus", "aac"])
def test_formats_decode_to_the_same_sound(name: str) -> None:
    samples, rate = decode(audio.encode(tone(), RATE_HZ, name))
    assert len(samples) / rate == pytest.approx(DURATION_S, abs=0.12)
    assert loudest_hz(samples, rate) == pytest.approx(TONE_HZ, abs=5)


@pytest.mark.parametrize("name", ["wav", "flac"])
def test_lossless_formats_keep_every_sample(name: str) -> None:
    samples, rate = decode(audio.encode(tone(), RATE_HZ, name))
    assert rate == RATE_HZ
    np.testing.assert_array_equal(samples, np.frombuffer(tone(), dtype="<i2"))


def test_pcm_is_left_as_it_is() -> None:
    assert audio.encode(tone(), RATE_HZ, "pcm") == tone()


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnsupportedInputError, match=r"wma.*wav, flac, mp3, opus"):
        audio.encode(tone(), RATE_HZ, "wma")


@pytest.mark.parametrize("name", ["mp3", "opus", "aac"])
def test_encoding_piece_by_piece_gives_bytes_early(name: str) -> None:
    encoder = audio.StreamEncoder(name, RATE_HZ)
    pieces = [encoder.feed(piece) for piece in audio.slices(tone(seconds=10), RATE_HZ)]
    assert sum(map(len, pieces[:50])) > 1000
    samples, rate = decode(b"".join([*pieces, encoder.finish()]))
    assert len(samples) / rate == pytest.approx(10, abs=0.12)


@pytest.mark.parametrize("suffix", [".mp3", ".opus", ".flac"])
def test_a_file_is_encoded_by_a_process_of_its_own(tmp_path: Path, suffix: str) -> None:
    source = tmp_path / "in.wav"
    source.write_bytes(audio.pcm_to_wav(tone(), RATE_HZ))
    target = source.with_suffix(suffix)
    subprocess.run(
        [sys.executable, "-m", "workers.media.audio", source, target], check=True, timeout=60
    )
    with av.open(str(target)) as container:
        assert container.duration is not None
        assert container.duration / 1e6 == pytest.approx(DURATION_S, abs=0.12)


def test_wav_and_pcm_are_inverse() -> None:
    assert audio.wav_to_pcm(audio.pcm_to_wav(tone(), RATE_HZ)) == (tone(), RATE_HZ)


@pytest.mark.parametrize("data", [b"", b"MZ\x90\x00", b"RIFF\x00\x00\x00\x00WAVE"])
def test_what_is_no_wav_is_refused(data: bytes) -> None:
    with pytest.raises(UnsupportedInputError, match="not a WAV file"):
        audio.wav_to_pcm(data)


def test_floats_and_pcm_are_inverse_and_loud_samples_are_clipped() -> None:
    assert audio.float_to_pcm(audio.pcm_to_float(tone())) == tone()
    clipped = np.frombuffer(audio.float_to_pcm(np.array([-2, 0, 2], np.float32)), dtype="<i2")
    assert clipped.tolist() == [-32768, 0, 32767]


@pytest.mark.parametrize("to_hz", [8_000, 16_000, 48_000])
def test_resampling_keeps_length_and_pitch(to_hz: int) -> None:
    pcm = audio.resample(tone(), RATE_HZ, to_hz)
    assert audio.duration_s(pcm, to_hz) == pytest.approx(DURATION_S, abs=0.001)
    assert loudest_hz(audio.pcm_to_float(pcm), to_hz) == pytest.approx(TONE_HZ, abs=2)


def test_resampling_nothing_is_nothing() -> None:
    assert audio.resample(b"", 22_050, 16_000) == b""


def test_silence_is_quiet_and_as_long_as_asked() -> None:
    pcm = audio.silence(0.25, RATE_HZ)
    assert audio.duration_s(pcm, RATE_HZ) == pytest.approx(0.25, abs=1e-4)
    assert not any(pcm)
