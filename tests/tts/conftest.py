"""The real voice, loaded once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from configs.catalogue import load_catalogue
from workers.engines.contract import CancelToken
from workers.engines.tts.piper_tts import PiperEngine
from workers.engines.tts.worker import TtsWorker
from workers.messages import AudioDelta, Event, Synthesize
from workers.messages.process_spec import WorkerSettings

MAX_TEXT_CHARS = 2_000

Say = Callable[..., list[Event]]


@pytest.fixture(scope="session")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TtsWorker]:
    worker = TtsWorker(PiperEngine())
    settings = WorkerSettings(
        card=load_catalogue()["piper-en-us-joe-medium"],
        threads=2,
        slots=2,
        data_dir=tmp_path_factory.mktemp("data"),
        limits={"max_text_chars": MAX_TEXT_CHARS},
    )
    worker.load(settings, lambda loading: None)
    yield worker
    worker.close()


@pytest.fixture(scope="session")
def say(voice: TtsWorker) -> Say:
    """Speak a text to the end and return the events."""

    def run(text: str, **options: object) -> list[Event]:
        return list(voice.handle(Synthesize(text=text, **options), CancelToken()))  # type: ignore[arg-type]

    return run


def audio_of(events: list[Event]) -> list[AudioDelta]:
    return [event for event in events if isinstance(event, AudioDelta)]
