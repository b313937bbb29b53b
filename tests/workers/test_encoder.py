"""The encoder's process: what goes in comes out, and it ends when it is left."""

from __future__ import annotations

import asyncio
import io

import av
import numpy as np
import psutil
import pytest

from workers.media import audio
from workers.media.encoder import start_encoder
from workers.messages.errors import UnsupportedInputError

RATE_HZ = 22_050


def tone(seconds: float) -> bytes:
    times = np.arange(round(RATE_HZ * seconds)) / RATE_HZ
    return audio.float_to_pcm((0.5 * np.sin(2 * np.pi * 440 * times)).astype(np.float32))


async def encoded(name: str, pieces: list[bytes], rate_hz: int = 0) -> bytes:
    async with start_encoder(name, rate_hz) as encoder:

        async def feed() -> None:
            for piece in pieces:
                await encoder.feed(piece, RATE_HZ)
            encoder.end()

        feeding = asyncio.create_task(feed())
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
