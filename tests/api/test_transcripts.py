"""Transcripts through OpenAI's own client against a running Quintet."""

from __future__ import annotations

import tempfile
from pathlib import Path

import httpx
import openai
import pysubs2
import pytest

from tests.api.audio import LONG, WHISPER, busy, listen, speak, wait_until_idle
from tests.running import ROOT, App

SPEECH = ROOT / "assets" / "example-speech.mp3"


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
