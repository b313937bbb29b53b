"""Cutting at pauses: real speech, real voice detection, no recogniser."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from workers.engines.stt.engine import SAMPLE_RATE_HZ, WINDOW_S
from workers.engines.stt.silero import SileroVad
from workers.engines.stt.windows import Window, cut_windows

from .conftest import SPEECH_RATE_HZ, Pcm

Floats = NDArray[np.float32]
BLOCK = 5 * SAMPLE_RATE_HZ


@pytest.fixture(scope="module")
def speech(story: Pcm) -> Floats:
    pcm = story.astype(np.float32) / 32768
    return np.asarray(soxr.resample(pcm, SPEECH_RATE_HZ, SAMPLE_RATE_HZ), dtype=np.float32)


@pytest.fixture(scope="module")
def find_speech() -> SileroVad:
    return SileroVad()


def blocks(pcm: Floats) -> Iterator[Floats]:
    for start in range(0, len(pcm), BLOCK):
        yield pcm[start : start + BLOCK]


def silence(seconds: float) -> Floats:
    return np.zeros(int(seconds * SAMPLE_RATE_HZ), dtype=np.float32)


def test_the_first_window_needs_only_the_first_minute(
    speech: Floats, find_speech: SileroVad
) -> None:
    read_s = 0.0

    def counted() -> Iterator[Floats]:
        nonlocal read_s
        for block in blocks(np.tile(speech, 40)):
            read_s += len(block) / SAMPLE_RATE_HZ
            yield block

    first = next(cut_windows(counted(), find_speech, keep_silence=False))
    assert len(first.pcm) > 0
    assert read_s <= 60


def test_kept_silence_loses_no_sample(speech: Floats, find_speech: SileroVad) -> None:
    pcm = np.concatenate([silence(70), speech, silence(3), speech, silence(31)])
    windows = list(cut_windows(blocks(pcm), find_speech, keep_silence=True))
    assert np.array_equal(np.concatenate([window.pcm for window in windows]), pcm)


def test_no_window_is_longer_than_an_engine_hears(speech: Floats, find_speech: SileroVad) -> None:
    without_pauses = speech[np.abs(np.convolve(np.abs(speech), np.ones(800) / 800, "same")) > 0.005]
    pcm = np.tile(without_pauses, 6)
    for keep_silence in (True, False):
        windows = list(cut_windows(blocks(pcm), find_speech, keep_silence=keep_silence))
        assert len(windows) > 2
        assert max(len(window.pcm) for window in windows) <= WINDOW_S * SAMPLE_RATE_HZ


def test_dropped_silence_leaves_the_speech(speech: Floats, find_speech: SileroVad) -> None:
    pcm = np.concatenate([silence(45), speech, silence(45), speech, silence(45)])
    windows = list(cut_windows(blocks(pcm), find_speech, keep_silence=False))
    kept = sum(len(window.pcm) for window in windows)
    assert 1.7 * len(speech) < kept < 2.3 * len(speech)
    assert [window.end_s for window in windows] == sorted(window.end_s for window in windows)
    assert windows[-1].end_s == pytest.approx(len(pcm) / SAMPLE_RATE_HZ)


def test_silence_alone_reports_how_far_it_was_heard(find_speech: SileroVad) -> None:
    windows = list(cut_windows(blocks(silence(100)), find_speech, keep_silence=False))
    assert all(len(window.pcm) == 0 for window in windows)
    assert len(windows) >= 3
    assert windows[-1].end_s == 100


WINDOW = Window(silence(10), (0.0, 4.0), (2.0, 50.0), 60.0)


@pytest.mark.parametrize(
    ("in_window", "in_recording"),
    [
        ((1.0, 3.0), (3.0, 5.0)),
        ((1.0, 4.0), (3.0, 6.0)),
        ((4.0, 6.0), (50.0, 52.0)),
        ((3.0, 6.0), (5.0, 52.0)),
        ((1.0, 4.3), (3.0, 6.0)),
        ((3.7, 6.0), (50.0, 52.0)),
        ((9.0, 99.0), (55.0, 60.0)),
    ],
    ids=[
        "first piece",
        "to its end",
        "second piece",
        "over both",
        "late end",
        "early start",
        "beyond",
    ],
)
def test_times_move_with_their_piece(
    in_window: tuple[float, float], in_recording: tuple[float, float]
) -> None:
    assert WINDOW.to_recording(*in_window) == pytest.approx(in_recording)
