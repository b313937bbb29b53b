"""Canary's layout and Whisper through onnx-asr: models that are told what to write, without times."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from configs.catalogue import ModelCard
from workers.engines.stt.onnxasr import OnnxAsrEngine
from workers.engines.stt.worker import SttWorker
from workers.messages import AudioInfo, Media, Transcribe
from workers.messages.errors import UnsupportedInputError
from workers.models.weights import find_folder

from .canary_layout import FILES as CANARY_FILES
from .canary_layout import GERMAN, write_canary
from .conftest import STORY, Pcm, hear, segments_of, text_of, to_wav
from .test_onnxasr import card_of, opened, recording, settings_of
from .test_transcription import error_rate
from .whisper_graph import FILES as WHISPER_FILES
from .whisper_graph import write_whisper
from .word_spotter import silence, spoken, train

SAID = ("garden", "seven", "captain")


@pytest.fixture(scope="module")
def canary(
    speak: Callable[[str], Pcm], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SttWorker]:
    folder = write_canary(train(speak), tmp_path_factory.mktemp("canary") / "model")
    worker = SttWorker(OnnxAsrEngine())
    card = card_of(folder, "ctc", name="Canary", files=dict.fromkeys(CANARY_FILES))
    ready = worker.load(settings_of(card), lambda loading: None)
    assert ready.capabilities == {"en", "de", "translate"}
    yield worker
    worker.close()


@pytest.fixture(scope="module")
def words(speak_evenly: Callable[[str], Pcm]) -> Media:
    parts = [part for word in SAID for part in (spoken(speak_evenly, f"{word}."), silence(0.35))]
    return recording(np.concatenate([silence(0.35), *parts]))


@pytest.fixture(scope="module")
def whisper(card: ModelCard, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SttWorker]:
    source = find_folder(card, Path("/nonexistent"))
    folder = write_whisper(source, tmp_path_factory.mktemp("whisper") / "onnx")
    files = dict.fromkeys((*WHISPER_FILES, "config.json"))
    worker = opened(card_of(folder, "ctc", name="Whisper", files=files, languages=("en",)))
    yield worker
    worker.close()


def in_german() -> str:
    return " ".join("".join(GERMAN[word]) for word in SAID)


@pytest.mark.parametrize(
    ("language", "translate", "text"),
    [("en", False, " ".join(SAID)), ("de", False, in_german()), ("de", True, " ".join(SAID))],
)
def test_canary_writes_the_language_that_it_is_told(
    canary: SttWorker, words: Media, language: str, translate: bool, text: str
) -> None:
    events = hear(canary, Transcribe(audio=words, language=language, translate=translate))
    info = events[0]
    assert isinstance(info, AudioInfo)
    assert info.language == language
    assert text_of(events) == text
    (segment,) = segments_of(events)
    assert 0 <= segment.start_s < 0.5
    assert segment.end_s <= info.duration_s + 0.001  # milliseconds are rounded


def test_canary_must_be_told_and_gives_no_times_of_words(canary: SttWorker, words: Media) -> None:
    for request, sentence in (
        (Transcribe(audio=words), "Canary cannot find out which language is spoken"),
        (Transcribe(audio=words, language="en", word_timestamps=True), "no times of single words"),
    ):
        with pytest.raises(UnsupportedInputError, match=sentence):
            hear(canary, request)


def test_whisper_as_onnx_writes_down_real_speech(whisper: SttWorker, story_wav: bytes) -> None:
    events = hear(whisper, Transcribe(audio=Media(name="story.wav", data=story_wav)))
    assert error_rate(" ".join(STORY), text_of(events)) <= 0.15


def test_whisper_as_onnx_hears_nothing_in_silence(whisper: SttWorker) -> None:
    quiet = Media(name="quiet.wav", data=to_wav(np.zeros(44_100, dtype=np.int16)))
    assert segments_of(hear(whisper, Transcribe(audio=quiet))) == []
