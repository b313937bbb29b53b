"""Speech through OpenAI's own client against a running Quintet."""

from __future__ import annotations

import base64
import io
import json
import string
import time
from pathlib import Path
from typing import Any

import av
import httpx
import jiwer
import openai
import psutil
import pytest

from tests.api.audio import (
    GIVE_UP_S,
    LONG,
    SENTENCES,
    WHISPER,
    busy,
    listen,
    speak,
    wait_until_idle,
)
from tests.running import App, command_of, start_app, stop_app

MIME = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
MAX_WORD_ERROR_RATE = 0.15


def plain(text: str) -> str:
    return text.lower().translate(str.maketrans("", "", string.punctuation))


def decoded(data: bytes) -> tuple[float, int]:
    """Seconds and sample rate."""
    with av.open(io.BytesIO(data)) as container:
        num_samples = sum(frame.samples for frame in container.decode(audio=0))
        rate = container.streams.audio[0].rate
    return num_samples / rate, rate


def encoders(app: App) -> list[psutil.Process]:
    return children(app, "workers.media.encoding")


def children(app: App, words: str) -> list[psutil.Process]:
    """Those that live, with these words in their command line."""
    return [
        child for child in psutil.Process(app.process.pid).children() if words in command_of(child)
    ]


@pytest.mark.parametrize(
    ("form", "rate_hz"), [("mp3", 22_050), ("opus", 48_000), ("aac", 22_050), ("flac", 22_050)]
)
def test_speech_in_every_format_is_understood(
    openai_client: openai.OpenAI, form: str, rate_hz: int
) -> None:
    data = speak(openai_client, response_format=form)
    duration_s, rate = decoded(data)
    assert rate == rate_hz
    assert 5 < duration_s < 10
    heard = listen(openai_client, data, f"a.{form}").text
    assert jiwer.wer(plain(SENTENCES), plain(heard)) <= MAX_WORD_ERROR_RATE, heard


def test_wav_is_understood_and_raw_samples_have_openais_rate(openai_client: openai.OpenAI) -> None:
    wav_s, rate = decoded(speak(openai_client, response_format="wav"))
    assert rate == 22_050
    pcm = speak(openai_client, response_format="pcm")
    pcm_s = len(pcm) / 2 / 24_000
    assert pcm_s == pytest.approx(wav_s, rel=0.15)  # the voice never says it twice alike
    with av.open(io.BytesIO(pcm), format="s16le", options={"sample_rate": "24000"}) as raw:
        assert raw.streams.audio[0].rate == 24_000
        samples = [frame.to_ndarray() for frame in raw.decode(audio=0)]
    wav = io.BytesIO()
    with av.open(wav, "w", format="wav") as file:
        stream = file.add_stream("pcm_s16le", rate=24_000, layout="mono")
        for piece in samples:
            frame = av.AudioFrame.from_ndarray(piece, format="s16", layout="mono")
            frame.sample_rate = 24_000
            file.mux(stream.encode(frame))
    heard = listen(openai_client, wav.getvalue(), "a.wav").text
    assert jiwer.wer(plain(SENTENCES), plain(heard)) <= MAX_WORD_ERROR_RATE, heard


@pytest.mark.parametrize("form", list(MIME))
def test_speech_says_what_it_is(app: App, form: str) -> None:
    body = {"input": "Hi.", "voice": "alloy", "model": "tts-1", "response_format": form}
    answer = httpx.post(f"{app.url}/v1/audio/speech", json=body, timeout=60)
    assert answer.headers["content-type"] == MIME[form]


def test_a_faster_voice_is_shorter(openai_client: openai.OpenAI) -> None:
    slow, _ = decoded(speak(openai_client, speed=0.5, response_format="wav"))
    fast, _ = decoded(speak(openai_client, speed=2, response_format="wav"))
    assert slow > 2.5 * fast


def test_the_first_sentence_is_sent_before_the_last_is_spoken_and_leaving_stops_it(
    app: App,
) -> None:
    body = {"input": LONG, "response_format": "mp3"}
    with httpx.stream("POST", f"{app.url}/v1/audio/speech", json=body, timeout=60) as answer:
        pieces = answer.iter_bytes()
        start = b"".join(next(pieces) for _ in range(3))
        assert start[:2] in (b"ID", b"\xff\xf3", b"\xff\xfb")
        assert busy(app, "tts")  # still speaking: the rest is to come
        assert len(encoders(app)) == 1
    wait_until_idle(app, "tts")
    give_up = time.monotonic() + GIVE_UP_S
    while encoders(app):
        assert time.monotonic() < give_up
        time.sleep(0.05)


@pytest.mark.slow
def test_half_a_file_never_looks_whole(tmp_path: Path) -> None:
    app = start_app(tmp_path, QUINTET_POOL__WARM="[]")
    try:
        body = {"input": LONG, "response_format": "mp3"}
        with httpx.stream("POST", f"{app.url}/v1/audio/speech", json=body, timeout=60) as answer:
            pieces = answer.iter_bytes()
            next(pieces)
            (voice,) = children(app, "quintet tts")
            voice.kill()
            with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
                list(pieces)
        assert "A spoken file was cut off" in app.log.read_text()
    finally:
        stop_app(app)


def test_speech_as_events_is_the_same_file(app: App) -> None:
    body = {"input": SENTENCES, "response_format": "flac", "stream_format": "sse"}
    answer = httpx.post(f"{app.url}/v1/audio/speech", json=body, timeout=60)
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [
        json.loads(line.removeprefix("data: "))
        for line in answer.text.splitlines()
        if line.startswith("data: ")
    ]
    assert {event["type"] for event in events[:-1]} == {"speech.audio.delta"}
    data = b"".join(base64.b64decode(event["audio"]) for event in events[:-1])
    duration_s, _ = decoded(data)
    assert events[-1]["type"] == "speech.audio.done"
    assert events[-1]["usage"]["seconds"] == pytest.approx(duration_s, abs=0.01)


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"voice": "bob"}, openai.NotFoundError, "No voice is called 'bob'.*joe"),
        ({"speed": 3}, openai.BadRequestError, "speed is 3.*between 0.5 and 2"),
        ({"speed": 9, "stream_format": "sse"}, openai.BadRequestError, "speed is 9"),
        ({"input": ""}, openai.BadRequestError, "nothing to say"),
        ({"response_format": "wma"}, openai.BadRequestError, "response_format"),
        ({"model": WHISPER}, openai.NotFoundError, f"No tts model is called '{WHISPER}'"),
    ],
)
def test_what_cannot_be_spoken_is_refused_in_one_sentence(
    openai_client: openai.OpenAI, options: dict[str, Any], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        speak(openai_client, **options)
    assert speak(openai_client, input="Hi.")
