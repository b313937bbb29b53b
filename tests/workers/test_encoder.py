"""The encoders: what goes in comes out, and it ends when it is left."""

from __future__ import annotations

import asyncio
import io

import av
import numpy as np
import psutil
import pytest

from workers.media import audio
from workers.media.encoder import Encoder, start_encoder
from workers.messages.errors import UnsupportedInputError

RATE_HZ = 22_050


def tone(seconds: float) -> bytes:
    times = np.arange(round(RATE_HZ * seconds)) / RATE_HZ
    return audio.float_to_pcm((0.5 * np.sin(2 * np.pi * 440 * times)).astype(np.float32))


async def encoded(name: str, pieces: list[bytes], rate_hz: int = 0) -> bytes:
    async with start_encoder(name, rate_hz) as encoder:
        feeding = asyncio.create_task(_feed_all(encoder, pieces))
        file = b""
        while data := await encoder.read():
            file += data
        await feeding
    return file


async def test_odd_pieces_lose_no_sample() -> None:
    pcm = tone(1)
    pieces = [pcm[start : start + 4097] for start in range(0, len(pcm), 4097)]
    file = await encoded("flac", pieces)
    with av.open(io.BytesIO(file)) as container:
        samples = np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])
    np.testing.assert_array_equal(samples, np.frombuffer(pcm, dtype="<i2"))


async def test_raw_samples_are_resampled() -> None:
    raw = await encoded("pcm", [tone(2)], rate_hz=24_000)
    assert audio.duration_s(raw, 24_000) == pytest.approx(2, abs=0.01)


async def test_nothing_spoken_is_an_empty_file() -> None:
    assert await encoded("mp3", []) == b""


async def test_bytes_come_before_the_end() -> None:
    async with start_encoder("opus") as encoder:
        await encoder.feed(tone(3), RATE_HZ)
        assert (await encoder.read())[:4] == b"OggS"


async def test_leaving_ends_the_process() -> None:
    before = set(psutil.Process().children())
    async with start_encoder("mp3") as encoder:
        await encoder.feed(tone(1), RATE_HZ)
        started = set(psutil.Process().children()) - before
        assert len(started) == 1
    assert not any(process.is_running() for process in started)


async def test_an_unknown_format_starts_nothing() -> None:
    with pytest.raises(UnsupportedInputError, match="wma"):
        async with start_encoder("wma"):
            pass


async def test_a_wav_needs_no_process_and_holds_every_sample() -> None:
    before = set(psutil.Process().children())
    pcm = tone(1)
    async with start_encoder("wav") as encoder:
        assert set(psutil.Process().children()) == before
        await encoder.feed(pcm[:2000], RATE_HZ)
        file = await encoder.read()
        assert file[:4] == b"RIFF"  # before the end is known
        await encoder.feed(pcm[2000:], RATE_HZ)
        encoder.end()
        while data := await encoder.read():
            file += data
    with av.open(io.BytesIO(file)) as container:
        assert container.streams.audio[0].sample_rate == RATE_HZ
        samples = np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])
    np.testing.assert_array_equal(samples, np.frombuffer(pcm, dtype="<i2"))


@pytest.mark.parametrize("name", ["wav", "pcm"])
async def test_nothing_spoken_is_an_empty_plain_file(name: str) -> None:
    assert await encoded(name, []) == b""
    assert await encoded(name, [], rate_hz=24_000) == b""


async def test_resampling_in_pieces_is_as_good_as_at_once() -> None:
    pcm = tone(1)
    pieces = [pcm[start : start + 4096] for start in range(0, len(pcm), 4096)]
    together = audio.pcm_to_float(await encoded("pcm", pieces, rate_hz=24_000))
    whole = audio.pcm_to_float(audio.resample(pcm, RATE_HZ, 24_000))
    assert len(together) == pytest.approx(len(whole), abs=2)
    num = min(len(together), len(whole))
    np.testing.assert_allclose(together[:num], whole[:num], atol=1e-3)


async def test_a_slow_reader_holds_the_voice_back() -> None:
    async with start_encoder("wav") as encoder:
        feeding = asyncio.create_task(_feed_all(encoder, [tone(0.1)] * 20))
        for _ in range(50):
            await asyncio.sleep(0)
        assert not feeding.done()
        file = b""
        while data := await encoder.read():
            file += data
        await feeding
    assert len(file) == 44 + 20 * len(tone(0.1))


async def _feed_all(encoder: Encoder, pieces: list[bytes]) -> None:
    for piece in pieces:
        await encoder.feed(piece, RATE_HZ)
    encoder.end()
