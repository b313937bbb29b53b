"""Kokoro on its real weights, in its own environment, through the pool."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.tts.environment import give_environment
from tests.tts.kokoro import MODEL, VOICES, kokoro_card
from tests.tts.talking import client_with, deltas_of
from tests.tts.test_heard import _plain, recogniser  # noqa: F401 — a fixture
from workers.client import Client
from workers.media import audio
from workers.messages import Finished, Media, Synthesize
from workers.messages.errors import LoadError, UnknownModelError, UnsupportedInputError

pytestmark = [pytest.mark.env("kokoro"), pytest.mark.coder]

VOICE_NAMES = ("jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo")
ENGLISH, JAPANESE, STRANGE = "kokoro-en", "kokoro-ja", "kokoro-strange"
SENTENCES = (
    "The weather is lovely today, isn't it?",
    "She sells fresh bread and butter at the market every morning.",
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Voices that speak English with an accent, Japanese, and one that claims to be Chinese."""
    folder = tmp_path_factory.mktemp("kokoro")
    python = give_environment("kokoro", folder)
    english = kokoro_card(python, language="en-us", voice="jf_nezumi")
    strange = _with_voice(kokoro_card(python), "zf_nobody", folder / "strange")
    cards = [
        english.model_copy(update={"id": ENGLISH}),
        kokoro_card(python).model_copy(update={"id": JAPANESE}),
        strange.model_copy(update={"id": STRANGE}),
    ]
    with client_with(cards, folder) as client:
        yield client


def _with_voice(card, name: str, folder: Path):  # type: ignore[no-untyped-def]
    """The same model, with a Japanese voice under another name and one that is none."""
    source = Path(card.source.removeprefix("path:"))
    folder.mkdir()
    shutil.copyfile(source / MODEL, folder / MODEL)
    with np.load(source / VOICES) as file:
        np.savez(folder / VOICES, **{name: file["jf_alpha"], "jf_alpha": file["jf_alpha"]})
    files = {MODEL: card.files[MODEL], VOICES: None}
    return card.model_copy(update={"source": f"path:{folder}", "files": files})


def test_english_is_understood(client: Client, recogniser) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    deltas = deltas_of(client.run(Synthesize(text=" ".join(SENTENCES), model=ENGLISH)))
    assert {delta.sample_rate for delta in deltas} == {24_000}
    pcm = b"".join(delta.pcm for delta in deltas)
    samples = audio.pcm_to_float(audio.resample(pcm, 24_000, audio.SPEECH_RATE_HZ))
    segments, _ = recogniser.transcribe(samples, beam_size=5, language="en")
    heard = _plain(" ".join(segment.text for segment in segments)).split()
    assert heard == _plain(" ".join(SENTENCES)).split()  # the model is deterministic
    ready = client.ready("tts", ENGLISH)
    assert ready is not None
    assert ready.voices == ("jf_nezumi", *(name for name in VOICE_NAMES if name != "jf_nezumi"))
    assert "clones" not in ready.capabilities


def test_voices_differ_and_unknown_ones_are_named(client: Client) -> None:
    def said_by(voice: str) -> bytes:
        request = Synthesize(text="Good morning.", voice=voice, model=ENGLISH)
        return b"".join(delta.pcm for delta in deltas_of(client.run(request)))

    assert said_by("jf_alpha") != said_by("jm_kumo")
    with pytest.raises(UnknownModelError, match=r"'af_heart'.*Known voices: jf_nezumi, jf_alpha"):
        said_by("af_heart")


def test_speed_changes_the_length(client: Client) -> None:
    def seconds(speed: float) -> float:
        request = Synthesize(text=SENTENCES[0], speed=speed, model=ENGLISH)
        return sum(len(delta.pcm) for delta in deltas_of(client.run(request))) / 2 / 24_000

    normal = seconds(1)
    assert 1.6 < seconds(0.5) / normal < 2.4
    assert 0.4 < seconds(2) / normal < 0.7


def test_cancel_ends_within_a_sentence(client: Client) -> None:
    request = Synthesize(text=" ".join(SENTENCES * 20), model=ENGLISH)
    events = []
    for event in client.stream(request):
        events.append(event)
        if len(deltas_of(events)) == 1:
            client.cancel(request.request_id)
    end = events[-1]
    assert isinstance(end, Finished)
    assert end.reason == "cancelled"
    assert len(deltas_of(events)) <= 2


def test_a_clip_is_refused_by_a_model_that_does_not_clone(client: Client) -> None:
    clip = Media(name="me.wav", data=b"any")
    with pytest.raises(UnsupportedInputError, match="cannot take on the voice"):
        client.run(Synthesize(text="Hello.", voice_clip=clip, has_consent=True, model=ENGLISH))


def test_japanese_is_read_by_its_own_reader(client: Client) -> None:
    deltas = deltas_of(client.run(Synthesize(text="今日はいい天気ですね。", model=JAPANESE)))
    (delta,) = deltas
    assert delta.text == "今日はいい天気ですね。"
    assert 1.0 < audio.duration_s(delta.pcm, delta.sample_rate) < 4.0
    assert np.abs(audio.pcm_to_float(delta.pcm)).max() > 0.1


def test_a_language_that_nothing_reads_is_refused_with_its_name(client: Client) -> None:
    with pytest.raises(UnsupportedInputError, match="zf_nobody speaks Chinese"):
        client.run(Synthesize(text="你好。", voice="zf_nobody", model=STRANGE))
    assert deltas_of(client.run(Synthesize(text="はい。", model=STRANGE)))


def test_voices_that_would_be_unpickled_are_refused(
    client: Client, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("evil")
    python = give_environment("kokoro", folder)
    card = kokoro_card(python)
    source = Path(card.source.removeprefix("path:"))
    shutil.copyfile(source / MODEL, tmp_path / MODEL)
    np.savez(tmp_path / VOICES, jf_alpha=np.array([{"not": "a number"}], dtype=object))
    files = {MODEL: card.files[MODEL], VOICES: None}
    evil = card.model_copy(update={"source": f"path:{tmp_path}", "files": files})
    with client_with([evil], folder) as other, pytest.raises(LoadError, match="allow_pickle"):
        other.run(Synthesize(text="Hello.", model=evil.id))
