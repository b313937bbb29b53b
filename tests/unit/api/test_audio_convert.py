"""OpenAI's audio bodies to messages and back, without a server."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pytest
from fastapi import UploadFile

from api.core.audio import convert as convert
from api.core.audio.schemas import SpeechRequest, TranscriptionForm, TranslationForm
from workers.flows.speech import FileBytes
from workers.messages import (
    AudioInfo,
    Decoding,
    Event,
    Finished,
    Media,
    SegmentDelta,
    Usage,
    Word,
)
from workers.messages.errors import UnsupportedInputError

MEDIA = Media(name="a.wav", data=b"")
DECODING = Decoding(
    token_ids=(1, 2),
    temperature=0.4,
    avg_logprob=-0.25,
    compression_ratio=1.5,
    no_speech_prob=0.125,
    window_start_s=12.5,
)
WORD = Word(start_s=0.0, end_s=0.5, text="Hello", probability=0.9)
HELLO = SegmentDelta(
    request_id="r", start_s=0.0, end_s=1.0, text="Hello.", words=(WORD,), decoding=DECODING
)
WORLD = SegmentDelta(request_id="r", start_s=1.0, end_s=2.0, text="World.")
END = Finished(request_id="r", usage=Usage(audio_s=2.0))
EVENTS: list[Event] = [
    AudioInfo(request_id="r", duration_s=2.0, language="en", language_probability=1.0),
    HELLO,
    WORLD,
    END,
]


def form_of(kind: type[TranslationForm] = TranscriptionForm, **fields: object) -> TranslationForm:
    return kind.model_validate({"file": UploadFile(io.BytesIO()), **fields})


def test_a_form_becomes_a_request() -> None:
    form = form_of(language="en", prompt="Ship's log.", vad=False, hotwords="fo'c'sle")
    request = convert.to_transcribe(form, MEDIA, "whisper")
    assert (request.model, request.language, request.translate) == ("whisper", "en", False)
    assert (request.initial_prompt, request.vad) == ("Ship's log.", False)
    assert request.hotwords == "fo'c'sle"
    assert not request.word_timestamps


def test_a_translation_is_from_a_language_or_from_any() -> None:
    request = convert.to_transcribe(form_of(TranslationForm, language="FR"), MEDIA, None)
    assert request.translate
    assert request.language == "fr"
    assert convert.to_transcribe(form_of(TranslationForm), MEDIA, None).language is None


KEYWORDS: dict[str, Any] = {"keywords[]": ["Niamh", "Aoife"]}


def test_keywords_are_hotwords() -> None:
    request = convert.to_transcribe(form_of(**KEYWORDS), MEDIA, None)
    assert request.hotwords == "Niamh, Aoife"


@pytest.mark.parametrize("name", ["timestamp_granularities", "timestamp_granularities[]"])
def test_words_are_aligned_only_where_they_are_shown(name: str) -> None:
    asked: dict[str, Any] = {name: ["word"]}
    shown = form_of(response_format="verbose_json", **asked)
    hidden = form_of(response_format="json", **asked)
    assert convert.to_transcribe(shown, MEDIA, None).word_timestamps
    assert not convert.to_transcribe(hidden, MEDIA, None).word_timestamps


@pytest.mark.parametrize(
    ("asked", "present"),
    [([], {"segments"}), (["word"], {"words"}), (["word", "segment"], {"words", "segments"})],
)
def test_verbose_json_holds_the_times_that_were_asked_for(
    asked: list[str], present: set[str]
) -> None:
    form = form_of(response_format="verbose_json", timestamp_granularities=asked)
    text, media_type = convert.transcript(EVENTS, form)
    body = json.loads(text)
    assert media_type == "application/json"
    assert {"words", "segments"} & set(body) == present
    assert (body["task"], body["language"], body["duration"]) == ("transcribe", "en", 2.0)
    assert body["text"] == "Hello. World."
    assert body["usage"] == {"type": "duration", "seconds": 2.0}


def test_a_segment_says_how_it_was_decoded_or_nothing() -> None:
    assert convert.segment_object(3, HELLO) == {
        "id": 3,
        "start": 0.0,
        "end": 1.0,
        "text": "Hello.",
        "seek": 1250,
        "tokens": [1, 2],
        "temperature": 0.4,
        "avg_logprob": -0.25,
        "compression_ratio": 1.5,
        "no_speech_prob": 0.125,
    }
    assert set(convert.segment_object(0, WORLD)) == {"id", "start", "end", "text"}


def test_a_streams_deltas_join_to_its_text() -> None:
    live = convert.LiveTranscript(form_of())
    bodies = [body for event in EVENTS for body in live.add(event)]
    assert "".join(body["delta"] for body in bodies[:-1]) == "Hello. World."
    assert bodies[-1] == {"type": "transcript.text.done", "text": "Hello. World."}


def test_a_stream_carries_times_when_they_are_asked_for() -> None:
    live = convert.LiveTranscript(form_of(timestamp_granularities=["segment"]))
    bodies = [body for event in EVENTS for body in live.add(event)]
    times = [(t["start"], t["end"]) for t in bodies if t["type"] == "transcript.text.segment"]
    assert times == [(0.0, 1.0), (1.0, 2.0)]


@pytest.mark.parametrize(
    ("voice", "voices", "chosen"),
    [
        (None, ("joe",), None),
        ("", ("joe",), None),
        ("joe", ("joe",), "joe"),
        ({"id": "joe"}, ("joe",), "joe"),
        ("alloy", ("joe",), None),
        ("alloy", ("echo", "alloy"), "alloy"),
        ("bob", ("joe",), "bob"),
    ],
)
def test_openais_voices_stand_for_the_first_unless_the_model_has_them(
    voice: object, voices: tuple[str, ...], chosen: str | None
) -> None:
    body = SpeechRequest.model_validate({"input": "Hi.", "voice": voice})
    assert convert.to_synthesize(body, None, voices).voice == chosen


def test_raw_samples_have_openais_rate_and_files_the_voices_own() -> None:
    pcm = SpeechRequest(input="Hi.", response_format="pcm")
    assert convert.file_rate_hz(pcm) == 24_000
    assert convert.file_rate_hz(SpeechRequest(input="Hi.")) == 0


def test_streamed_speech_is_base64_and_ends_with_its_usage() -> None:
    delta = convert.speech_event(FileBytes(request_id="r", data=b"\x00\xff"))
    assert delta["type"] == "speech.audio.delta"
    assert base64.b64decode(delta["audio"]) == b"\x00\xff"
    done = convert.speech_event(END)
    assert done["type"] == "speech.audio.done"
    assert done["usage"]["seconds"] == 2.0


def test_a_clip_goes_along_with_consent_and_is_refused_without() -> None:
    clip = Media(name="voice_clip", data=b"RIFF")
    agreed = SpeechRequest(input="Hello.", consent=True)
    request = convert.to_synthesize(agreed, None, (), clip)
    assert (request.voice_clip, request.has_consent) == (clip, True)
    with pytest.raises(UnsupportedInputError, match="only with consent"):
        convert.to_synthesize(SpeechRequest(input="Hello."), None, (), clip)
