"""Coqui's VITS and XTTS-2 in their own environment, through the pool: mechanics, not meaning.

The weights are random (`tiny_coqui.py`): what is spoken is noise of the right length.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from configs.catalogue import ModelCard, load_catalogue
from tests.tts.environment import give_environment
from tests.tts.talking import client_with, deltas_of
from workers.client import Client
from workers.media import audio
from workers.messages import Finished, Media, Synthesize
from workers.messages.errors import LoadError, UnknownModelError, UnsupportedInputError
from workers.models.environments.interpreter import environ_of

BUILDER = Path(__file__).with_name("tiny_coqui.py")
TEXT = "Hello there. How are you?"
# PyTorch and Coqui take seconds to import, in each process.
pytestmark = [pytest.mark.env("coqui"), pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("coqui")


@pytest.fixture(scope="module")
def python(folder: Path) -> Path:
    return give_environment("coqui", folder)


@pytest.fixture(scope="module")
def client(folder: Path, python: Path) -> Iterator[Client]:
    ran = subprocess.run(
        [python, BUILDER, folder / "models"], env=environ_of(str(python)), capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    cards = [card_of(folder / "models" / name) for name in ("vits", "xtts", "harmful")]
    with client_with(cards, folder) as client:
        yield client


def card_of(weights: Path, **options: Any) -> ModelCard:
    """A copy of the card of XTTS-2 for other files."""
    names = sorted(path.name for path in weights.iterdir() if path.suffix == ".json")
    return load_catalogue()["xtts-2"].model_copy(
        update={
            "id": f"tiny-{weights.name}",
            "name": f"Tiny {weights.name}",
            "source": f"path:{weights}",
            "files": dict.fromkeys(["model.pth", *names]),
            "options": options,
        }
    )


def clip(seconds: float, name: str = "me.wav") -> Media:
    """Our own packaged voice is not needed: a hum will do for random weights."""
    hum = bytes(range(0, 256, 2)) * round(seconds * 22_050 * 2 / 128)
    return Media(name=name, data=audio.pcm_to_wav(hum, 22_050))


def test_vits_speaks_at_its_own_rate_and_at_any_speed(client: Client) -> None:
    def seconds(speed: float) -> float:
        request = Synthesize(text=TEXT, speed=speed, model="tiny-vits")
        deltas = deltas_of(client.run(request))
        assert [delta.text for delta in deltas] == ["Hello there. ", "How are you?"]
        assert {delta.sample_rate for delta in deltas} == {22_050}
        return sum(len(delta.pcm) for delta in deltas) / 2 / 22_050

    normal = seconds(1)
    assert 0.5 < normal < 10
    assert seconds(2) < 0.7 * normal
    ready = client.ready("tts", "tiny-vits")
    assert ready is not None
    assert (ready.voices, "clones" in ready.capabilities) == (("default",), False)


def test_an_unknown_voice_is_named(client: Client) -> None:
    with pytest.raises(UnknownModelError, match=r"'bob'.*Known voices: default"):
        client.run(Synthesize(text="Hello.", voice="bob", model="tiny-vits"))


def test_vits_takes_no_clip(client: Client) -> None:
    request = Synthesize(text=TEXT, voice_clip=clip(5), has_consent=True, model="tiny-vits")
    with pytest.raises(UnsupportedInputError, match="cannot take on the voice"):
        client.run(request)


def test_xtts_speaks_in_the_voice_of_a_clip(client: Client) -> None:
    request = Synthesize(text="Hello.", voice_clip=clip(4), has_consent=True, model="tiny-xtts")
    (delta,) = deltas_of(client.run(request))
    assert delta.sample_rate == 24_000
    assert 0.2 < audio.duration_s(delta.pcm, 24_000) < 5
    ready = client.ready("tts", "tiny-xtts")
    assert ready is not None
    assert "clones" in ready.capabilities
    assert (ready.voices, ready.slots) == ((), 1)


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({}, r"consent: confirm \"This is my own voice, or its owner has agreed\""),
        ({"voice_clip": clip(2.5), "has_consent": True}, r"2\.5 s of sound.*at least 3 s"),
        ({"voice_clip": clip(31), "has_consent": True}, "longer than 30 s"),
        ({"voice_clip": Media(name="me.txt", data=b"no sound"), "has_consent": True},
         "me.txt is not a recording"),
        ({"voice_clip": Media(name="hush.wav", data=audio.pcm_to_wav(bytes(2 * 22_050 * 4), 22_050)),
          "has_consent": True}, "Nothing can be heard in the clip hush.wav"),
        ({"voice_clip": None}, "no voice of its own"),
    ],
)  # fmt: skip
def test_a_clip_that_will_not_do_is_refused_in_a_sentence(
    client: Client, sent: dict[str, Any], sentence: str
) -> None:
    request = {"text": "Hello.", "voice_clip": clip(4), "model": "tiny-xtts", **sent}
    with pytest.raises(UnsupportedInputError, match=sentence):
        client.run(Synthesize(**request))


def test_cancel_ends_xtts_within_a_sentence(client: Client) -> None:
    request = Synthesize(
        text=TEXT * 10, voice_clip=clip(4), has_consent=True, model="tiny-xtts", speed=2
    )
    events = []
    for event in client.stream(request):
        events.append(event)
        if len(deltas_of(events)) == 1:
            client.cancel(request.request_id)
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "cancelled"
    assert len(deltas_of(events)) <= 2


def test_weights_that_would_run_something_are_not_loaded(client: Client, folder: Path) -> None:
    with pytest.raises(LoadError, match=r"model\.pth holds more than weights"):
        client.run(Synthesize(text="Hello.", model="tiny-harmful"))
    assert not (folder / "models/harmed").exists()
