"""Long recordings, whose windows are decoded together: nothing is lost, nothing runs backwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from configs.catalogue import ModelCard
from tests.stt.conftest import SPEECH_RATE_HZ, STORY, Pcm, hear, segments_of, text_of, to_wav
from tests.stt.test_transcription import error_rate, recording
from workers.engines.contract import CancelToken
from workers.engines.stt.batches import FIRST_SIZE, BatchDecoder, _judged
from workers.engines.stt.engine import SAMPLE_RATE_HZ, Hints, Segment
from workers.engines.stt.fasterwhisper import FasterWhisperEngine
from workers.engines.stt.worker import SttWorker
from workers.messages import Progress, Transcribe
from workers.messages.process_spec import WorkerSettings
from workers.models.facts.whisper import max_windows
from workers.models.weights import verified_folder

Window = NDArray[np.float32]
HINTS = Hints(language="en", word_timestamps=True)


@pytest.fixture(scope="module")
def engine(card: ModelCard, data_dir: Path) -> Iterator[FasterWhisperEngine]:
    loaded = FasterWhisperEngine()
    folder = verified_folder(card, data_dir, lambda loading: None)
    settings = WorkerSettings(card=card, threads=2, slots=1, data_dir=data_dir, limits={})
    loaded.load(folder, settings, lambda loading: None)
    yield loaded
    loaded.close()


PARTS = (" ".join(STORY[:2]), " ".join(STORY[2:]), " ".join(STORY))


@pytest.fixture(scope="module")
def parts(speak: Callable[[str], Pcm]) -> list[Window]:
    """A window for each of the parts."""
    return [
        soxr.resample(speak(text).astype(np.float32) / 32768, SPEECH_RATE_HZ, SAMPLE_RATE_HZ)
        for text in PARTS
    ]


def batch(engine: FasterWhisperEngine, windows: Sequence[Window]) -> dict[int, list[Segment]]:
    found: dict[int, list[Segment]] = {number: [] for number in range(len(windows))}
    for number, segment in engine.transcribe_batch(windows, HINTS, CancelToken()):
        found[number].append(segment)
    return found


def test_each_window_has_its_own_words_and_times(
    engine: FasterWhisperEngine, parts: list[Window]
) -> None:
    found = batch(engine, parts)
    for number, said in enumerate(PARTS):
        assert error_rate(said, " ".join(s.text for s in found[number])) <= 0.3
        duration_s = len(parts[number]) / SAMPLE_RATE_HZ
        spoken = [word for segment in found[number] for word in segment.words]
        assert len(spoken) >= len(said.split()) * 0.8
        assert all(0 <= word.start_s <= word.end_s <= duration_s + 0.5 for word in spoken)
        assert all(segment.decoding and segment.decoding.token_ids for segment in found[number])


def test_a_window_without_words_takes_nothing_from_the_others(
    engine: FasterWhisperEngine, parts: list[Window]
) -> None:
    nothing = np.zeros(3 * SAMPLE_RATE_HZ, dtype=np.float32)
    found = batch(engine, [nothing, parts[0], nothing])
    assert error_rate(PARTS[0], " ".join(s.text for s in found[1])) <= 0.3


def test_a_cancelled_batch_yields_nothing(engine: FasterWhisperEngine, parts: list[Window]) -> None:
    cancel = CancelToken()
    cancel.cancel()
    assert not list(engine.transcribe_batch(parts, HINTS, cancel))


@pytest.mark.slow
def test_words_of_a_long_recording_never_run_backwards(worker: SttWorker, story: Pcm) -> None:
    long = recording(to_wav(np.tile(story, 4)))
    events = hear(worker, Transcribe(audio=long, word_timestamps=True))
    assert error_rate(" ".join(STORY * 4), text_of(events)) <= 0.15
    starts = [word.start_s for segment in segments_of(events) for word in segment.words]
    assert starts == sorted(starts)
    done = [event.done for event in events if isinstance(event, Progress)]
    assert done == sorted(done)
    assert done[-1] == pytest.approx(4 * len(story) / SPEECH_RATE_HZ, abs=1)


def heard(*texts: str, avg_logprob: float = -0.3, step_s: float = 4.0) -> list[SimpleNamespace]:
    return [
        SimpleNamespace(
            text=text, start=60 + n * step_s, end=60 + (n + 1) * step_s, avg_logprob=avg_logprob
        )
        for n, text in enumerate(texts)
    ]


@pytest.mark.parametrize(
    ("segments", "duration_s", "num_kept", "rest_from_s"),
    [
        (heard(" It rained.", " We stayed in."), 8.5, 2, None),
        (heard(" It rained.", " We stayed in."), 12.0, 2, 8.0),  # it stopped early
        (heard(" It rained.", "  "), 8.2, 1, None),
        (heard(" no no no no" * 20), 4.2, 0, 0.0),  # it repeats itself
        (heard(" It rained.", avg_logprob=-1.5), 4.2, 0, 0.0),
        ([], 4.2, 0, 0.0),
    ],
)
def test_what_is_doubtful_or_cut_short_is_heard_again(
    segments: list[SimpleNamespace], duration_s: float, num_kept: int, rest_from_s: float | None
) -> None:
    judged = _judged(2, segments, duration_s)
    assert len(judged.segments) == num_kept
    assert judged.rest_from_s == rest_from_s


def test_a_batch_grows_as_far_as_it_stays_short() -> None:
    decoder = BatchDecoder(None, 4)
    assert decoder.size == FIRST_SIZE
    decoder.note(2, 0.5)
    assert decoder.size == 4
    decoder.note(4, 60.0)
    assert decoder.size == FIRST_SIZE


@pytest.mark.parametrize(
    ("parameters_m", "device", "windows"),
    [(39, "cpu", 4), (74, "cpu", 4), (244, "cpu", 3), (1550, "cpu", 1), (1550, "cuda:0", 2)],
)
def test_a_large_model_hears_fewer_windows_at_once(
    parameters_m: float, device: str, windows: int
) -> None:
    assert max_windows(parameters_m, device) == windows
    assert BatchDecoder(None, windows).size <= windows
