"""Real speech through onnx-asr, by a small recogniser in the layouts of NVIDIA's models."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from configs.catalogue import ModelCard, load_catalogue
from workers.engines.contract import CancelToken
from workers.engines.stt.engine import SAMPLE_RATE_HZ, Hints
from workers.engines.stt.onnxasr import OnnxAsrEngine
from workers.engines.stt.worker import SttWorker
from workers.messages import AudioInfo, Finished, Media, Progress, SegmentDelta, Transcribe, Word
from workers.messages.errors import LoadError, UnsupportedInputError, WeightsError
from workers.messages.process_spec import WorkerSettings

from .conftest import Pcm, hear, segments_of, text_of, to_wav
from .word_spotter import FRAME_S, WORDS, Floats, silence, spoken, train, write_model

KINDS = ("tdt", "rnnt", "ctc")
FILES = {
    "tdt": ("encoder-model.int8.onnx", "decoder_joint-model.int8.onnx"),
    "rnnt": ("encoder-model.int8.onnx", "decoder_joint-model.int8.onnx"),
    "ctc": ("model.int8.onnx",),
}
PAUSE_S = 0.35
"""Between two words: too short to be dropped or to end a segment."""

Say = Callable[[Sequence[str]], Floats]


def card_of(folder: Path, kind: str, **changes: object) -> ModelCard:
    values = {
        "id": f"spotter-{kind}",
        "name": "Spotter",
        "engine": "onnxasr",
        "source": f"path:{folder}",
        "files": dict.fromkeys((*FILES[kind], "vocab.txt", "config.json")),
        "languages": ("en", "de"),
    }
    return load_catalogue()["whisper-tiny-en"].model_copy(update=values | changes)


def settings_of(card: ModelCard, threads: int = 2) -> WorkerSettings:
    return WorkerSettings(
        card=card, threads=threads, slots=1, data_dir=Path("/nonexistent"), limits={}
    )


def opened(card: ModelCard) -> SttWorker:
    worker = SttWorker(OnnxAsrEngine())
    worker.load(settings_of(card), lambda loading: None)
    return worker


@pytest.fixture(scope="module")
def folders(
    speak: Callable[[str], Pcm], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    spotter, root = train(speak), tmp_path_factory.mktemp("spotter")
    return {kind: write_model(spotter, root / kind, kind) for kind in KINDS}


@pytest.fixture(scope="module", params=KINDS)
def any_worker(request: pytest.FixtureRequest, folders: dict[str, Path]) -> Iterator[SttWorker]:
    worker = opened(card_of(folders[request.param], request.param))
    yield worker
    worker.close()


@pytest.fixture(scope="module")
def tdt(folders: dict[str, Path]) -> Iterator[SttWorker]:
    worker = opened(card_of(folders["tdt"], "tdt"))
    yield worker
    worker.close()


@pytest.fixture(scope="module")
def clips(speak_evenly: Callable[[str], Pcm]) -> dict[str, Floats]:
    return {word: spoken(speak_evenly, f"{word}.") for word in WORDS}


@pytest.fixture(scope="module")
def say(clips: dict[str, Floats]) -> Say:
    def said(words: Sequence[str]) -> Floats:
        parts = [part for word in words for part in (clips[word], silence(PAUSE_S))]
        return np.concatenate([silence(PAUSE_S), *parts])

    return said


def recording(pcm: Floats, name: str = "words.wav") -> Media:
    samples = (pcm * 32767).astype(np.int16)
    return Media(name=name, data=to_wav(samples, SAMPLE_RATE_HZ))


def shuffled(seed: int, num_words: int = len(WORDS)) -> list[str]:
    return [str(word) for word in np.random.default_rng(seed).choice(list(WORDS), num_words)]


def words_in(events: Sequence[Any]) -> list[Word]:
    return [word for segment in segments_of(list(events)) for word in segment.words]


@pytest.mark.parametrize("seed", range(3))
def test_spoken_words_are_written_down(any_worker: SttWorker, say: Say, seed: int) -> None:
    words = shuffled(seed)
    events = hear(any_worker, Transcribe(audio=recording(say(words))))
    assert text_of(events) == " ".join(words)


def test_the_text_is_what_greedy_search_finds_in_the_same_numbers(
    tdt: SttWorker, folders: dict[str, Path], speak: Callable[[str], Pcm]
) -> None:
    """The search written down once more, also of speech that holds none of the words."""
    story = "The lighthouse keeper carried a lantern, on Monday, at seven, to the garden window."
    pcm = spoken(speak, story)
    heard = tdt._engine.transcribe(pcm, Hints(language="en"), CancelToken())
    text = " ".join(segment.text for segment in heard)
    assert text == greedy(folders["tdt"], pcm)


def greedy(folder: Path, pcm: Floats) -> str:
    import onnxruntime
    from onnx_asr.preprocessors.numpy_preprocessor import NemoPreprocessorNumpy

    vocabulary = [
        line.split()[0] for line in (folder / "vocab.txt").read_text("utf-8").splitlines()
    ]
    features, lengths = NemoPreprocessorNumpy("nemo128")(pcm[None], np.array([len(pcm)]))
    encoder, decoder = (onnxruntime.InferenceSession(folder / name) for name in FILES["tdt"])
    frames, (num_frames,) = encoder.run(None, {"audio_signal": features, "length": lengths})
    state: NDArray[np.float32] = np.zeros((1, 1, 4), np.float32)
    found: list[int] = []
    at = 0
    while at < num_frames:
        feeds = {
            "encoder_outputs": frames[:, :, at : at + 1],
            "targets": np.array([[found[-1] if found else len(vocabulary) - 1]], np.int32),
            "target_length": np.array([1], np.int32),
            "input_states_1": state,
            "input_states_2": state,
        }
        logits, state, _ = decoder.run(None, feeds)
        token = int(logits[0, 0, 0, : len(vocabulary)].argmax())
        at += int(logits[0, 0, 0, len(vocabulary) :].argmax())
        if token != len(vocabulary) - 1:
            found.append(token)
    return "".join(vocabulary[token] for token in found).replace("▁", " ").strip()


def test_words_lie_where_they_were_spoken(
    any_worker: SttWorker, clips: dict[str, Floats], say: Say
) -> None:
    words = shuffled(5)
    request = Transcribe(audio=recording(say(words)), word_timestamps=True)
    heard = words_in(hear(any_worker, request))
    assert [word.text for word in heard] == words
    at = PAUSE_S
    for word in heard:
        length_s = len(clips[word.text]) / SAMPLE_RATE_HZ
        assert at - 2 * FRAME_S <= word.start_s < word.end_s <= at + length_s + PAUSE_S
        assert 0.5 < word.probability <= 1
        at += length_s + PAUSE_S


@pytest.mark.parametrize("vad", [True, False])
def test_a_long_recording_loses_and_doubles_nothing(tdt: SttWorker, say: Say, vad: bool) -> None:
    words = shuffled(11, 200)
    request = Transcribe(audio=recording(say(words)), word_timestamps=True, vad=vad)
    events = hear(tdt, request)
    heard = words_in(events)
    assert text_of(events).split() == words
    assert [word.text for word in heard] == words
    starts = [word.start_s for word in heard]
    assert starts == sorted(set(starts))
    assert all(one.end_s <= two.start_s for one, two in pairwise(heard))
    done = [event.done for event in events if isinstance(event, Progress)]
    assert done == sorted(done)
    end = events[-1]
    assert isinstance(end, Finished)
    assert end.usage.audio_s > 120  # at least five windows


def test_silence_ends_a_segment_and_moves_the_times(tdt: SttWorker, say: Say) -> None:
    first, second = ["captain", "coffee"], ["garden", "window"]
    pcm = np.concatenate([say(first), silence(40), say(second)])
    segments = segments_of(hear(tdt, Transcribe(audio=recording(pcm))))
    assert [segment.text.split() for segment in segments] == [first, second]
    spoken_s = len(say(first)) / SAMPLE_RATE_HZ
    assert segments[0].end_s < spoken_s + 0.5
    assert segments[1].start_s > spoken_s + 39.5


def test_nothing_is_heard_in_silence(any_worker: SttWorker) -> None:
    for vad in (True, False):
        events = hear(any_worker, Transcribe(audio=recording(silence(5)), vad=vad))
        assert segments_of(events) == []
        assert isinstance(events[-1], Finished)


@pytest.mark.parametrize("seconds", [0.001, 0.02, 0.3])
def test_a_moment_of_sound_is_no_error(any_worker: SttWorker, seconds: float) -> None:
    events = hear(any_worker, Transcribe(audio=recording(silence(seconds) + 0.1), vad=False))
    assert isinstance(events[-1], Finished)


def test_words_have_no_times_unless_asked(tdt: SttWorker, say: Say) -> None:
    segments = segments_of(hear(tdt, Transcribe(audio=recording(say(["seven"])))))
    assert [segment.words for segment in segments] == [()]


def test_the_language_is_not_invented(tdt: SttWorker, say: Say, folders: dict[str, Path]) -> None:
    audio = recording(say(["seven"]))
    unknown, said = (
        next(event for event in hear(tdt, request) if isinstance(event, AudioInfo))
        for request in (Transcribe(audio=audio), Transcribe(audio=audio, language="de"))
    )
    assert (unknown.language, unknown.language_probability) == ("", 0.0)
    assert said.language == "de"
    english = opened(card_of(folders["tdt"], "tdt", languages=("en",)))
    info = next(event for event in hear(english, Transcribe(audio=audio)))
    assert isinstance(info, AudioInfo)
    assert info.language == "en"


def test_what_it_cannot_do_is_refused_in_a_sentence(tdt: SttWorker, say: Say) -> None:
    audio = recording(say(["seven"]))
    for request, words in (
        (Transcribe(audio=audio, translate=True), "Spotter cannot translate"),
        (Transcribe(audio=audio, language="ja"), "does not know the language 'ja'"),
        (Transcribe(audio=audio, initial_prompt="A talk."), "takes no context"),
        (Transcribe(audio=audio, hotwords="Nowak"), "no words to listen for"),
    ):
        with pytest.raises(UnsupportedInputError, match=words):
            hear(tdt, request)


def test_cancel_stops_between_windows(tdt: SttWorker, say: Say) -> None:
    cancel = CancelToken()
    events = tdt.handle(Transcribe(audio=recording(say(shuffled(2, 200)))), cancel)
    for event in events:
        if isinstance(event, SegmentDelta):
            cancel.cancel()
            break
    assert not any(isinstance(event, SegmentDelta) for event in events)
    again = hear(tdt, Transcribe(audio=recording(say(["harbor"]))))
    assert text_of(again) == "harbor"


def test_cancel_stops_within_a_window(tdt: SttWorker, say: Say) -> None:
    class Leaving(CancelToken):
        num_runs = 0

        def progressed(self) -> None:
            self.num_runs += 1
            self.cancel()

    cancel = Leaving()
    assert list(tdt._engine.transcribe(say(shuffled(1)), Hints(language="en"), cancel)) == []
    assert cancel.num_runs == 1  # the encoder ran, the decoder was not asked once


def test_ready_says_what_it_can(folders: dict[str, Path]) -> None:
    worker = SttWorker(OnnxAsrEngine())
    ready = worker.load(settings_of(card_of(folders["ctc"], "ctc")), lambda loading: None)
    worker.close()
    assert ready.capabilities == {"en", "de"}
    assert (ready.slots, ready.device) == (1, "cpu")


@pytest.mark.parametrize(
    ("content", "options", "sentence"),
    [
        ({}, {}, "of the kind None, which onnx-asr does not run"),
        ({"model_type": "bert"}, {}, "of the kind 'bert'"),
        ([], {}, "of the kind None"),
        ({}, {"model_type": "onnx-community/whisper-tiny"}, "which onnx-asr does not run"),
        ({}, {"model_type": "nemo-conformer-aed"}, "could not be loaded: ModelFileNotFound"),
        ({}, {"model_type": "nemo-parakeet-tdt-0.6b-v3"}, ""),
    ],
)
def test_the_kind_of_model_must_be_known(
    folders: dict[str, Path], tmp_path: Path, content: object, options: Any, sentence: str
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(folders["tdt"], folder)
    (folder / "config.json").write_text(json.dumps(content))
    card = card_of(folder, "tdt", options=options)
    if sentence:
        with pytest.raises(LoadError, match=sentence):
            opened(card)
    else:  # its features would have 80 mels by default: the name alone is enough to load it
        opened(card).close()


def test_a_folder_that_lacks_a_file_is_never_completed_from_a_hub(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object, **__: object) -> None:
        pytest.fail("a hub was asked")

    monkeypatch.setattr("huggingface_hub.snapshot_download", forbidden)
    monkeypatch.setattr("huggingface_hub.hf_hub_download", forbidden)
    folder = tmp_path / "model"
    shutil.copytree(folders["tdt"], folder)
    (folder / "decoder_joint-model.int8.onnx").unlink()
    options = {"model_type": "nemo-parakeet-tdt-0.6b-v3"}
    with pytest.raises(WeightsError, match="decoder_joint"):
        opened(card_of(folder, "tdt", options=options))
    files = dict.fromkeys(("encoder-model.int8.onnx", "vocab.txt"))
    with pytest.raises(LoadError, match="could not be loaded"):
        opened(card_of(folder, "tdt", options=options, files=files))


def test_damaged_weights_are_told_in_a_sentence(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(folders["tdt"], folder)
    weights = folder / "encoder-model.int8.onnx"
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])
    with pytest.raises(LoadError, match="Spotter could not be loaded"):
        opened(card_of(folder, "tdt"))
