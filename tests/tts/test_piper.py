"""The real voice speaks, counts, obeys and stops."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from configs.catalogue import load_catalogue
from workers.engines.contract import CancelToken
from workers.engines.tts.piper_tts import PiperEngine
from workers.engines.tts.worker import TtsWorker
from workers.media import audio
from workers.messages import AudioDelta, Embed, Finished, Progress, Synthesize
from workers.messages.errors import UnknownModelError, UnsupportedInputError
from workers.messages.process_spec import WorkerSettings

from .conftest import MAX_TEXT_CHARS, Say, audio_of

TEXT = """# A short story

Dr. Brown paid $3.50 for 2 kg of apples. "Not bad!" he said… 🍎

- First, he washed them.
- Then he ate *all* of them.
"""


def test_sentences_follow_each_other_and_captions_are_the_text(say: Say) -> None:
    deltas = audio_of(say(TEXT))
    assert len(deltas) == 5
    assert "".join(delta.text for delta in deltas) == TEXT
    position_s = 0.0
    for delta in deltas:
        assert delta.sample_rate == 22_050
        assert delta.start_s == pytest.approx(position_s, abs=1e-6)
        position_s += audio.duration_s(delta.pcm, delta.sample_rate)


def test_speech_lasts_as_long_as_speech_does(say: Say) -> None:
    events = say("The quick brown fox jumps over the lazy dog near the bank of the river.")
    (delta,) = audio_of(events)
    assert 3.0 < audio.duration_s(delta.pcm, delta.sample_rate) < 7.0
    loud = np.abs(audio.pcm_to_float(delta.pcm))
    assert loud.max() > 0.3
    assert events[-1].usage.audio_s == pytest.approx(  # type: ignore[attr-defined]
        audio.duration_s(delta.pcm, delta.sample_rate)
    )


def test_progress_ends_at_the_last_character(say: Say) -> None:
    progress = [event for event in say(TEXT) if isinstance(event, Progress)]
    done = [event.done for event in progress]
    assert done == sorted(done)
    assert (done[-1], progress[-1].total, progress[-1].unit) == (len(TEXT), len(TEXT), "characters")


def test_double_speed_takes_half_the_time(say: Say) -> None:
    text = "Twice as fast means half as long, whatever the sentence happens to be about today."

    def length_s(speed: float) -> float:
        return sum(len(delta.pcm) for delta in audio_of(say(text, speed=speed))) / 2 / 22_050

    assert length_s(2.0) == pytest.approx(length_s(1.0) / 2, rel=0.15)
    assert length_s(0.5) == pytest.approx(length_s(1.0) * 2, rel=0.15)


@pytest.mark.parametrize("speed", [0.0, 0.49, 2.01, -1.0, float("nan"), float("inf")])
def test_a_speed_out_of_range_is_refused_with_the_range(say: Say, speed: float) -> None:
    with pytest.raises(UnsupportedInputError, match=r"between 0\.5 and 2"):
        say("Hello.", speed=speed)


def test_an_unknown_voice_is_refused_with_the_known_ones(say: Say) -> None:
    with pytest.raises(UnknownModelError, match=r"'alice'.*Known voices: joe"):
        say("Hello.", voice="alice")
    assert audio_of(say("Hello.", voice="joe"))


@pytest.mark.parametrize("text", ["", "   \n", "...", "🎉🎉", "---", "\x00\x01"])
def test_a_text_without_words_is_refused(say: Say, text: str) -> None:
    with pytest.raises(UnsupportedInputError, match="nothing to say"):
        say(text)


def test_a_text_over_the_limit_is_refused_with_both_numbers(say: Say) -> None:
    with pytest.raises(UnsupportedInputError, match=r"100,000 characters; at most 2,000"):
        say("x" * 100_000)


def test_a_text_at_the_limit_starts_at_once(voice: TtsWorker) -> None:
    text = ("This is one more sentence of the text. " * 100)[:MAX_TEXT_CHARS]
    events = voice.handle(Synthesize(text=text), CancelToken())
    assert isinstance(next(events), AudioDelta)
    progress = next(events)
    assert isinstance(progress, Progress)
    assert progress.total == MAX_TEXT_CHARS


def test_another_kind_of_request_is_refused(voice: TtsWorker) -> None:
    with pytest.raises(UnsupportedInputError, match="cannot answer Embed"):
        next(voice.handle(Embed(texts=("x",)), CancelToken()))


@pytest.mark.parametrize(
    "text",
    [
        "你好。今天天气很好！",
        "Привет, мир",
        "[[ not phonemes ]] here",
        "a" * 600,
        "½ ∞ ≠ 5",
        "<b>Q&amp;A</b>",
    ],
)
def test_odd_text_harms_nothing(say: Say, text: str) -> None:
    events = say(text)
    assert isinstance(events[-1], Finished)
    assert "".join(delta.text for delta in audio_of(events)) == text


def test_cancel_between_sentences_ends_the_stream(voice: TtsWorker) -> None:
    cancel = CancelToken()
    events = voice.handle(Synthesize(text="One here. Two here. Three here."), cancel)
    next(events)
    cancel.cancel()
    rest = [event for event in events if not isinstance(event, Progress)]
    assert [type(event) for event in rest] == [Finished]
    assert rest[0].reason == "cancelled"  # type: ignore[attr-defined]


def test_cancel_does_not_wait_for_the_end_of_a_sentence(voice: TtsWorker) -> None:
    text = "a sentence that is as long as a piece may be, spoken very slowly " * 3
    request = Synthesize(text=text[:190], speed=0.5, normalize=False)
    started = time.monotonic()
    next(voice.handle(request, CancelToken()))
    first_s = time.monotonic() - started

    def cancelled_s() -> float:
        cancel = CancelToken()
        threading.Timer(first_s / 4, cancel.cancel).start()
        started = time.monotonic()
        assert audio_of(list(voice.handle(request, cancel))) == []
        return time.monotonic() - started

    # Any of them: on a busy machine one may be kept from the cores that the first one had.
    assert any(cancelled_s() < first_s for _ in range(5))


def test_two_texts_are_spoken_at_once(say: Say) -> None:
    lengths: dict[int, int] = {}

    def speak(number: int) -> None:
        text = "Two of us speak. " * (number + 1)
        lengths[number] = len(audio_of(say(text)))

    threads = [threading.Thread(target=speak, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lengths == {0: 1, 1: 2, 2: 3}


def test_the_voice_says_what_it_can(tmp_path: Path) -> None:
    card = load_catalogue()["piper-en-us-joe-medium"]
    settings = WorkerSettings(card=card, threads=1, slots=3, data_dir=tmp_path, limits={})
    ready = TtsWorker(PiperEngine()).load(settings, lambda loading: None)
    assert ready.voices == ("joe",)
    assert ready.slots == 3
    assert {"speed", "normalize", "en"} <= ready.capabilities
