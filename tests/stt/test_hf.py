"""Real speech through transformers: tiny.en again, from the same weights, and it hears the same."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from configs.catalogue import ModelCard, load_catalogue
from tests.stt.conftest import STORY, Pcm, hear, segments_of, text_of, to_wav
from tests.stt.test_transcription import words
from tests.stt.whisper_checkpoint import write_checkpoint
from workers.engines.contract import CancelToken
from workers.engines.stt.hf import HfWhisperEngine
from workers.engines.stt.worker import SttWorker
from workers.messages import AudioInfo, Event, Media, Ready, SegmentDelta, Transcribe
from workers.messages.errors import LoadError, UnsupportedInputError, WeightsError
from workers.messages.process_spec import WorkerSettings
from workers.models.weights import find_folder

pytestmark = pytest.mark.torch

SENTENCE = STORY[1]
FILES = ("model.safetensors", "config.json", "generation_config.json", "tokenizer.json")


def card_of(folder: Path) -> ModelCard:
    packaged = load_catalogue()["whisper-tiny-en"]
    return packaged.model_copy(
        update={
            "id": "tiny-en-hf",
            "engine": "transformers",
            "source": f"path:{folder}",
            "files": dict.fromkeys(FILES),
        }
    )


def load(worker: SttWorker, folder: Path, data_dir: Path, device: str = "cpu") -> Ready:
    settings = WorkerSettings(
        card=card_of(folder), device=device, threads=1, slots=1, data_dir=data_dir, limits={}
    )
    return worker.load(settings, lambda loading: None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, card: ModelCard) -> Path:
    source = find_folder(card, Path("/nonexistent"))
    return write_checkpoint(source, tmp_path_factory.mktemp("whisper") / "tiny.en")


@pytest.fixture(scope="module")
def hf_worker(folder: Path, data_dir: Path) -> Iterator[SttWorker]:
    loaded = SttWorker(HfWhisperEngine())
    ready = load(loaded, folder, data_dir)
    assert ready.device == "cpu"
    assert ready.capabilities == {"en"}
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def sentence_wav(speak: Callable[[str], Pcm]) -> bytes:
    return to_wav(speak(SENTENCE))


@pytest.fixture(scope="module")
def heard(hf_worker: SttWorker, sentence_wav: bytes) -> list[Event]:
    audio = Media(name="sentence.wav", data=sentence_wav)
    return hear(hf_worker, Transcribe(audio=audio, word_timestamps=True))


def test_it_writes_down_the_words_that_faster_whisper_writes_down(
    heard: list[Event], worker: SttWorker, sentence_wav: bytes
) -> None:
    theirs = hear(worker, Transcribe(audio=Media(name="sentence.wav", data=sentence_wav)))
    assert words(text_of(heard)) == words(text_of(theirs)) == words(SENTENCE)


def test_segments_come_in_order_after_the_language(heard: list[Event], sentence_wav: bytes) -> None:
    info = heard[0]
    assert isinstance(info, AudioInfo)
    assert info.language == "en"
    starts = [segment.start_s for segment in segments_of(heard)]
    assert starts == sorted(starts)
    assert segments_of(heard)[-1].end_s == pytest.approx(info.duration_s, abs=1.0)


def test_words_lie_where_faster_whisper_finds_them(
    heard: list[Event], worker: SttWorker, sentence_wav: bytes
) -> None:
    audio = Media(name="sentence.wav", data=sentence_wav)
    mine, theirs = (
        {word.text: word for segment in segments_of(events) for word in segment.words}
        for events in (heard, hear(worker, Transcribe(audio=audio, word_timestamps=True)))
    )
    assert list(mine) == list(theirs)
    for text, word in mine.items():
        assert word.start_s == pytest.approx(theirs[text].start_s, abs=0.4)
        assert word.start_s <= word.end_s
    assert mine["lantern,"].probability > 0.5


def test_a_prompt_steers_the_spelling(hf_worker: SttWorker, speak: Callable[[str], Pcm]) -> None:
    audio = Media(name="a.wav", data=to_wav(speak("The ships are in the harbor.")))
    prompt = "The boats left the harbour. " * 60  # far more than the model reads
    assert "harbor " in words(text_of(hear(hf_worker, Transcribe(audio=audio)))) + " "
    heard = text_of(hear(hf_worker, Transcribe(audio=audio, initial_prompt=prompt)))
    assert "harbour" in words(heard)


def test_what_it_cannot_do_is_refused(hf_worker: SttWorker, sentence_wav: bytes) -> None:
    audio = Media(name="sentence.wav", data=sentence_wav)
    for request in (
        Transcribe(audio=audio, translate=True),
        Transcribe(audio=audio, language="de"),
    ):
        with pytest.raises(UnsupportedInputError, match="English"):
            hear(hf_worker, request)


def test_cancel_stops_between_layers(hf_worker: SttWorker, sentence_wav: bytes) -> None:
    cancel = CancelToken()
    request = Transcribe(audio=Media(name="sentence.wav", data=sentence_wav))
    events = []
    for event in hf_worker.handle(request, cancel):
        events.append(event)
        if isinstance(event, AudioInfo):
            threading.Timer(0.05, cancel.cancel).start()
    assert not any(isinstance(event, SegmentDelta) for event in events)
    assert text_of(hear(hf_worker, request)) != ""


def test_without_alignment_heads_there_are_only_segment_times(
    folder: Path, data_dir: Path, tmp_path: Path, sentence_wav: bytes
) -> None:
    plain = tmp_path / "plain"
    shutil.copytree(folder, plain)
    path = plain / "generation_config.json"
    config = json.loads(path.read_text())
    del config["alignment_heads"]
    path.write_text(json.dumps(config))
    worker = SttWorker(HfWhisperEngine())
    load(worker, plain, data_dir)
    request = Transcribe(audio=Media(name="s.wav", data=sentence_wav), word_timestamps=True)
    segments = segments_of(hear(worker, request))
    worker.close()
    assert segments
    assert not any(segment.words for segment in segments)


def test_only_whisper_in_safetensors_is_loaded(
    folder: Path, data_dir: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    (other / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(LoadError, match="is a bert model, not a Whisper"):
        load(SttWorker(HfWhisperEngine()), other, data_dir)
    (other / "model.safetensors").unlink()
    with pytest.raises(WeightsError, match="missing"):
        load(SttWorker(HfWhisperEngine()), other, data_dir)
