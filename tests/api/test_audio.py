"""Speak and listen through OpenAI's own client against a running Quintet."""

from __future__ import annotations

import base64
import io
import json
import string
import tempfile
import time
from pathlib import Path
from typing import Any

import av
import httpx
import jiwer
import openai
import psutil
import pysubs2
import pytest

from tests.running import ROOT, App, command_of, start_app, stop_app

SPEECH = ROOT / "assets" / "example-speech.mp3"
SENTENCES = (
    "Please remember to turn off the lights before you leave the office. "
    "She sells fresh bread and butter at the market every morning."
)
LONG = "The ship sailed on across the wide and quiet sea. " * 60
VOICE = "piper-en-us-joe-medium"
WHISPER = "whisper-tiny-en"
MIME = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
MAX_WORD_ERROR_RATE = 0.15
GIVE_UP_S = 15


def speak(client: openai.OpenAI, **options: Any) -> bytes:
    asked = {"model": VOICE, "voice": "joe", "input": SENTENCES, **options}
    return client.audio.speech.create(**asked).content


def listen(client: openai.OpenAI, audio: bytes | Path, name: str = "a.mp3", **options: Any) -> Any:
    data = audio.read_bytes() if isinstance(audio, Path) else audio
    asked = {"model": WHISPER, **options}
    return client.audio.transcriptions.create(file=(name, data), **asked)


def plain(text: str) -> str:
    return text.lower().translate(str.maketrans("", "", string.punctuation))


def decoded(data: bytes) -> tuple[float, int]:
    """Seconds and sample rate."""
    with av.open(io.BytesIO(data)) as container:
        num_samples = sum(frame.samples for frame in container.decode(audio=0))
        rate = container.streams.audio[0].rate
    return num_samples / rate, rate


def busy(app: App, modality: str) -> bool:
    state: str = httpx.get(f"{app.url}/readyz").json()[modality]
    return state == "busy"


def wait_until_idle(app: App, modality: str) -> None:
    give_up = time.monotonic() + GIVE_UP_S
    while busy(app, modality):
        assert time.monotonic() < give_up
        time.sleep(0.05)


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


def test_a_stream_of_a_transcript_joins_to_the_whole(openai_client: openai.OpenAI) -> None:
    whole = listen(openai_client, SPEECH).text
    events = list(listen(openai_client, SPEECH, stream=True, temperature=0.0))
    deltas = [event.delta for event in events if event.type == "transcript.text.delta"]
    assert "".join(deltas) == whole
    assert len(deltas) > 1
    assert events[-1].type == "transcript.text.done"
    assert events[-1].text == whole


def test_a_streamed_transcript_tells_times_on_request(openai_client: openai.OpenAI) -> None:
    events = listen(openai_client, SPEECH, stream=True, timestamp_granularities=["segment"])
    times = [(e.start, e.end) for e in events if e.type == "transcript.text.segment"]
    assert times == sorted(times)
    assert all(start < end for start, end in times)


def test_a_stream_that_cannot_begin_is_refused_with_a_status(openai_client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match=r"events, not srt.*json or verbose_json"):
        listen(openai_client, SPEECH, stream=True, response_format="srt")
    with pytest.raises(openai.BadRequestError, match="neither audio nor video"):
        listen(openai_client, b"MZ" + bytes(2000), "setup.exe", stream=True)


@pytest.mark.parametrize(("form", "start"), [("srt", "1\n"), ("vtt", "WEBVTT")])
def test_subtitles_can_be_read(openai_client: openai.OpenAI, form: str, start: str) -> None:
    text = listen(openai_client, SPEECH, response_format=form)
    assert text.startswith(start)
    subtitles = pysubs2.SSAFile.from_string(text, format_=form)
    whole = listen(openai_client, SPEECH).text
    assert " ".join(line.plaintext for line in subtitles) == whole
    assert all(line.start < line.end for line in subtitles)


def test_plain_text_is_the_transcript(openai_client: openai.OpenAI) -> None:
    text = listen(openai_client, SPEECH, response_format="text")
    assert text == listen(openai_client, SPEECH).text + "\n"


def test_verbose_json_says_how_well_it_heard(openai_client: openai.OpenAI) -> None:
    answer = listen(
        openai_client,
        SPEECH,
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )
    assert answer.language == "en"
    starts = [word.start for word in answer.words]
    assert starts == sorted(starts)
    assert [segment.id for segment in answer.segments] == list(range(len(answer.segments)))
    for segment in answer.segments:
        assert segment.avg_logprob < 0
        assert 0 <= segment.no_speech_prob < 0.5
        assert segment.seek / 100 <= segment.start + 0.5
        assert len(segment.tokens) > len(segment.text.split())
    assert answer.usage.seconds == pytest.approx(answer.duration, abs=0.1)


def test_words_come_only_when_asked_for(openai_client: openai.OpenAI) -> None:
    answer = listen(openai_client, SPEECH, response_format="verbose_json")
    assert answer.words is None
    assert answer.segments


def test_a_prompt_and_hotwords_steer_spelling(openai_client: openai.OpenAI) -> None:
    data = speak(openai_client, input="Aoife met Niamh in Dun Laoghaire.", response_format="wav")
    hints = {
        "prompt": "A letter from Dun Laoghaire by Niamh and Aoife.",
        "hotwords": "Dun Laoghaire Niamh Aoife",
    }
    names = ("Aoife", "Niamh", "Laoghaire")  # one of them: each recording is spoken anew
    plain = listen(openai_client, data, "a.wav").text
    for name, value in hints.items():
        steered = listen(openai_client, data, "a.wav", extra_body={name: value}).text
        assert any(word in steered and word not in plain for word in names), (plain, steered)


def test_an_english_model_refuses_to_translate(openai_client: openai.OpenAI) -> None:
    audio = ("a.mp3", SPEECH.read_bytes())
    with (
        pytest.warns(
            DeprecationWarning, match="deprecated"
        ),  # OpenAI's own, about its client's method
        pytest.raises(openai.BadRequestError, match=r"cannot translate.*English only"),
    ):
        openai_client.audio.translations.create(model=WHISPER, file=audio)


def test_a_language_that_the_model_does_not_know_is_refused(openai_client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="does not know the language 'xx'"):
        listen(openai_client, SPEECH, language="xx")


@pytest.mark.slow
def test_a_listener_who_leaves_frees_the_worker_and_the_upload(app: App) -> None:
    body = {"input": LONG[:1000], "response_format": "flac"}
    audio = httpx.post(f"{app.url}/v1/audio/speech", json=body, timeout=60).content
    with httpx.stream(
        "POST",
        f"{app.url}/v1/audio/transcriptions",
        files={"file": ("long.flac", audio)},
        data={"stream": "true"},
        timeout=60,
    ) as answer:
        lines = answer.iter_lines()  # held: a generator that is thrown away closes the connection
        assert "transcript.text.delta" in next(lines)
        assert busy(app, "stt")
        assert uploads_of(len(audio))
    wait_until_idle(app, "stt")
    assert not uploads_of(len(audio))


def uploads_of(num_bytes: int) -> list[Path]:
    kept = Path(tempfile.gettempdir()).glob("quintet-upload-*/upload")
    return [path for path in kept if path.exists() and path.stat().st_size == num_bytes]
