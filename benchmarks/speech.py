"""Transcription and synthesis through the pool against the bare libraries, in turn."""

from __future__ import annotations

import io
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from configs.catalogue import load_catalogue
from workers.client import Client
from workers.messages import AudioDelta, Media, Request, Synthesize, Transcribe
from workers.models.weights import find_folder
from workers.pool.threads import usable_cores, wait_policy

from .harness import Measurement, in_own_process, quiet_pool
from .material import long_text, spoken

RUNS = 3


def measure() -> list[Measurement]:
    """Return both ratios (bare seconds / pool seconds), the RTFs, and the first audio."""
    text = long_text(12)
    with quiet_pool() as (_, client):
        wav = spoken(client, text)
        client.run(Transcribe(audio=Media(name="warm.wav", data=wav)))
        heard, spoke, firsts, bare_heard, bare_spoke = [], [], [], [], []
        for _ in range(RUNS):
            heard.append(_timed(client, Transcribe(audio=Media(name="a.wav", data=wav))))
            bare_heard.append(in_own_process(bare_transcription_s, wav))
            spoke.append(_timed(client, Synthesize(text=text, normalize=False)))
            bare_spoke.append(in_own_process(bare_synthesis_s, text))
            firsts.append(_first_audio_s(client, text))
    audio_s = (len(wav) - 44) / 2 / 22_050
    return [
        _ratio("transcription, bare ÷ pool", bare_heard, heard, audio_s),
        _ratio("synthesis, bare ÷ pool", bare_spoke, spoke, audio_s),
        Measurement(
            what="synthesis, request → first audio",
            value=statistics.median(firsts) * 1000,
            unit="ms",
            runs=RUNS,
        ),
    ]


def _ratio(what: str, bare: list[float], pool: list[float], audio_s: float) -> Measurement:
    pairs = [alone / through for alone, through in zip(bare, pool, strict=True)]
    rtf = statistics.median(pool) / audio_s
    return Measurement(
        what=what,
        value=statistics.median(pairs),
        unit="ratio",
        bar="≥ 0.97",
        runs=RUNS,
        note=f"pool RTF {rtf:.3f} on {audio_s:.0f} s of speech",
    )


def _timed(client: Client, request: Request) -> float:
    started = time.perf_counter()
    client.run(request)
    return time.perf_counter() - started


def _first_audio_s(client: Client, text: str) -> float:
    started = time.perf_counter()
    for event in client.stream(Synthesize(text=text)):
        if isinstance(event, AudioDelta):
            return time.perf_counter() - started
    return float("nan")


def _prepare(card_id: str) -> tuple[Path, str]:
    os.environ.update(wait_policy(usable_cores()))
    card = load_catalogue()[card_id]
    return find_folder(card, Path(tempfile.gettempdir())), card.weight_file


def bare_transcription_s(wav: bytes) -> float:
    """Seconds that faster-whisper itself takes, the second time."""
    folder, _ = _prepare("whisper-tiny-en")
    from faster_whisper import WhisperModel

    model = WhisperModel(str(folder), compute_type="int8", cpu_threads=usable_cores())

    def transcribe() -> float:
        started = time.perf_counter()
        segments, _ = model.transcribe(
            io.BytesIO(wav), vad_filter=True, condition_on_previous_text=False
        )
        list(segments)
        return time.perf_counter() - started

    transcribe()
    return transcribe()


def bare_synthesis_s(text: str) -> float:
    """Seconds that Piper itself takes, the second time, with its session as we configure it."""
    folder, weights = _prepare("piper-en-us-joe-medium")
    import onnxruntime
    from piper import PiperVoice

    options: Any = onnxruntime.SessionOptions()
    options.intra_op_num_threads = usable_cores()
    voice = PiperVoice.load(folder / weights)
    voice.session = onnxruntime.InferenceSession(
        str(folder / weights), sess_options=options, providers=["CPUExecutionProvider"]
    )

    def speak() -> float:
        started = time.perf_counter()
        list(voice.synthesize(text))
        return time.perf_counter() - started

    speak()
    return speak()
