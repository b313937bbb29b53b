"""Transcription and synthesis through the pool against the bare libraries at their best, in turn.

Bare means: faster-whisper as it comes for a short recording, its batches with greedy search for a long
one; Piper as it comes. Each runs in a process of its own, with the threads and the waiting of its own.
"""

from __future__ import annotations

import asyncio
import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

from configs.catalogue import load_catalogue
from workers.client import Client
from workers.flows.speech import FileBytes, speak_to_file
from workers.messages import AudioDelta, Media, Request, Synthesize, Transcribe
from workers.models.weights import find_folder
from workers.pool.threads import usable_cores

from .harness import Measurement, in_own_process, quiet_pool
from .material import PROSE, long_text, spoken

RUNS = 5
SHORT = long_text(4)
"""Fits into a window of Whisper's."""

Pair = tuple[float, float]
"""Seconds of the bare library, and of ours right after it."""
Bare = Callable[[Any], float]
Ours = Callable[[Client, Any], float]


def measure() -> list[Measurement]:
    """Return what is ours against bare: recognition short and long, synthesis, first audio."""
    with quiet_pool() as (_, client):
        short, long = spoken(client, SHORT), spoken(client, PROSE)
        for wav in (short, long):  # the second learns how many windows go together
            client.run(_transcribe(wav))
        text = long_text(12)
        cases: dict[str, tuple[Bare, Any, Ours]] = {
            "short": (bare_short_s, short, _heard_s),
            "batched": (bare_batched_s, long, _heard_s),
            "sequential": (bare_long_s, long, _heard_s),
            "synthesis": (bare_synthesis_s, text, _spoke_s),
            "first": (bare_first_s, text, _first_s),
            "wav": (bare_first_s, text, _wav_s),
            "mp3": (bare_first_s, text, _mp3_s),
        }
        pairs: dict[str, list[Pair]] = {what: [] for what in cases}
        for _ in range(RUNS):
            for what, (bare, given, ours) in cases.items():
                pairs[what].append((in_own_process(bare, given), ours(client, given)))
    return [
        _speed("transcription of a short recording, bare ÷ pool", pairs["short"], "≥ 0.97"),
        _speed("transcription of a long one, bare in batches ÷ pool", pairs["batched"], "≥ 0.9"),
        _speed("transcription of a long one, bare ÷ pool", pairs["sequential"], "≥ 1.5"),
        _speed("synthesis, bare ÷ pool", pairs["synthesis"], "≥ 0.97"),
        _latency("first audio, pool ÷ bare", pairs["first"]),
        _latency("first bytes of a WAV file, pool ÷ bare", pairs["wav"]),
        _latency("first bytes of an MP3 file, pool ÷ bare", pairs["mp3"]),
    ]


def _speed(what: str, pairs: list[Pair], bar: str) -> Measurement:
    return _row(what, [bare / ours for bare, ours in pairs], pairs, bar)


def _latency(what: str, pairs: list[Pair]) -> Measurement:
    return _row(what, [ours / bare for bare, ours in pairs], pairs, "≤ 1.15")


def _row(what: str, ratios: list[float], pairs: list[Pair], bar: str) -> Measurement:
    bare_s, ours_s = (statistics.median(side) for side in zip(*pairs, strict=True))
    return Measurement(
        what=what,
        value=statistics.median(ratios),
        unit="ratio",
        bar=bar,
        runs=len(pairs),
        note=f"bare {bare_s:.2f} s, ours {ours_s:.2f} s; load {os.getloadavg()[0]:.1f}",
    )


# --- ours -----------------------------------------------------------------------------------------


def _transcribe(wav: bytes) -> Transcribe:
    return Transcribe(audio=Media(name="a.wav", data=wav))


def _heard_s(client: Client, wav: bytes) -> float:
    return _timed(client, _transcribe(wav))


def _spoke_s(client: Client, text: str) -> float:
    return _timed(client, Synthesize(text=text, normalize=False))


def _timed(client: Client, request: Request) -> float:
    started = time.perf_counter()
    client.run(request)
    return time.perf_counter() - started


def _first_s(client: Client, text: str) -> float:
    started = time.perf_counter()
    for event in client.stream(Synthesize(text=text)):
        if isinstance(event, AudioDelta):
            return time.perf_counter() - started
    return float("nan")


def _file_s(client: Client, text: str, name: str) -> float:
    """Seconds until the first bytes of a spoken file with sound in them, as HTTP sends it."""

    async def first() -> float:
        started, num_bytes = time.perf_counter(), 0
        async with aclosing(speak_to_file(client, Synthesize(text=text), name)) as pieces:
            async for piece in pieces:
                num_bytes += len(piece.data) if isinstance(piece, FileBytes) else 0
                if num_bytes > 1000:  # more than a header
                    return time.perf_counter() - started
        return float("nan")

    return asyncio.run(first())


def _wav_s(client: Client, text: str) -> float:
    return _file_s(client, text, "wav")


def _mp3_s(client: Client, text: str) -> float:
    return _file_s(client, text, "mp3")


# --- bare, each in a process of its own -----------------------------------------------------------


def _folder(card_id: str) -> tuple[Path, str]:
    card = load_catalogue()[card_id]
    return find_folder(card, Path(tempfile.gettempdir())), card.weight_file


def bare_short_s(wav: bytes) -> float:
    """Seconds of faster-whisper for a recording that fits into a window."""
    return _whisper_s(wav, vad_filter=True)


def bare_long_s(wav: bytes) -> float:
    """Seconds of faster-whisper, window after window."""
    return _whisper_s(wav, vad_filter=True, condition_on_previous_text=False)


def bare_batched_s(wav: bytes) -> float:
    """Seconds of faster-whisper's batches at their fastest: greedy, eight windows, with times."""
    return _whisper_s(wav, in_batches=True, batch_size=8, beam_size=1, without_timestamps=False)


def _whisper_s(wav: bytes, in_batches: bool = False, **options: object) -> float:
    """Transcribe twice; the second time counts."""
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    folder, _ = _folder("whisper-tiny-en")
    model = WhisperModel(str(folder), compute_type="int8", cpu_threads=usable_cores())
    engine = BatchedInferencePipeline(model) if in_batches else model
    seconds = 0.0
    for _ in range(2):
        started = time.perf_counter()
        segments, _ = engine.transcribe(io.BytesIO(wav), **options)
        list(segments)
        seconds = time.perf_counter() - started
    return seconds


def bare_synthesis_s(text: str) -> float:
    """Seconds that Piper takes for all of it, the second time."""
    return _piper_s(text, first_only=False)


def bare_first_s(text: str) -> float:
    """Seconds that Piper takes for the first sentence, the second time."""
    return _piper_s(text, first_only=True)


def _piper_s(text: str, first_only: bool) -> float:
    from piper import PiperVoice

    folder, weights = _folder("piper-en-us-joe-medium")
    voice = PiperVoice.load(folder / weights)
    seconds = 0.0
    for _ in range(2):
        started = time.perf_counter()
        for _chunk in voice.synthesize(text):
            if first_only:
                break
        seconds = time.perf_counter() - started
    return seconds
