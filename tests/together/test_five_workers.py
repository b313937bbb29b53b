"""Five real workers at once: they work together, are stopped, are killed, and come back."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import closing
from dataclasses import replace
from typing import Any

import jiwer
import pytest

from benchmarks.material import long_text
from workers.client import Client
from workers.messages import (
    AudioDelta,
    Embed,
    Embedded,
    Event,
    Finished,
    Media,
    Modality,
    Queued,
    Request,
    SegmentDelta,
    Started,
    Transcribe,
    new_request_id,
)
from workers.messages.errors import AppError, WorkerDiedError
from workers.pool.status import WorkerStatus

ALL: tuple[Modality, ...] = ("text", "stt", "tts", "vision", "rag")


def fresh(request: Request) -> Request:
    return replace(request, request_id=new_request_id())


def worker(client: Client, modality: str) -> WorkerStatus:
    return next(status for status in client.status().workers if status.modality == modality)


class Reader(threading.Thread):
    """Reads a request to its end in the background."""

    def __init__(self, client: Client, request: Request) -> None:
        super().__init__()
        self.client, self.request = client, request
        self.events: list[Event] = []
        self.error: AppError | None = None
        self.has_begun = threading.Event()
        self.start()

    def run(self) -> None:
        try:
            for event in self.client.stream(self.request):
                self.events.append(event)
                if not isinstance(event, (Queued, Started)):
                    self.has_begun.set()
        except AppError as err:
            self.error = err
        self.has_begun.set()


def test_what_we_speak_we_understand(client: Client, speech: bytes) -> None:
    events = client.run(Transcribe(audio=Media(name="speech.wav", data=speech)))
    heard = " ".join(event.text for event in events if isinstance(event, SegmentDelta))
    without_punctuation = jiwer.RemovePunctuation()  # type: ignore[no-untyped-call]  # jiwer's own
    clean: Any = jiwer.Compose(
        [jiwer.ToLowerCase(), without_punctuation, jiwer.RemoveMultipleSpaces()]
    )
    said = long_text(20)
    assert jiwer.wer(clean(said), clean(heard)) <= 0.10


@pytest.mark.slow
@pytest.mark.parametrize("modality", ALL)
def test_stop_ends_the_work_long_before_its_end(
    client: Client, long_work: dict[str, Request], modality: Modality
) -> None:
    with closing(client.stream(fresh(long_work[modality]))) as events:
        for event in events:
            if not isinstance(event, (Queued, Started)):
                break
    give_up = time.monotonic() + 5
    while worker(client, modality).num_running:
        assert time.monotonic() < give_up
        time.sleep(0.005)


@pytest.mark.slow
@pytest.mark.parametrize("modality", ALL)
def test_kill_9_under_load_fails_only_its_own_request(
    client: Client, long_work: dict[str, Request], modality: Modality
) -> None:
    readers = {name: Reader(client, fresh(long_work[name])) for name in ALL}
    for reader in readers.values():
        assert reader.has_begun.wait(60)
        assert reader.error is None
    victim = worker(client, modality)
    assert victim.pid is not None
    os.kill(victim.pid, signal.SIGKILL)
    readers[modality].join(20)
    assert isinstance(readers[modality].error, WorkerDiedError)
    others = [name for name in ALL if name != modality]
    assert all(readers[name].error is None for name in others)
    for name in others:
        client.cancel(readers[name].request.request_id)
    for name in others:
        readers[name].join(20)
        end = readers[name].events[-1]
        assert isinstance(end, Finished)
        assert end.reason in ("cancelled", "stop", "length")
    again = Reader(client, fresh(long_work[modality]))
    assert again.has_begun.wait(60)
    client.cancel(again.request.request_id)
    again.join(20)
    assert again.error is None
    assert worker(client, modality).pid != victim.pid


def test_bad_input_harms_nothing_else(client: Client) -> None:
    with pytest.raises(AppError, match="empty"):
        client.run(Transcribe(audio=Media(name="empty.wav", data=b"")))
    events = client.run(Embed(texts=("still here",)))
    assert any(isinstance(event, Embedded) for event in events)
    assert all(status.state != "failed" for status in client.status().workers)


def test_audio_comes_before_the_text_is_spoken_out(
    client: Client, long_work: dict[str, Request]
) -> None:
    with closing(client.stream(fresh(long_work["tts"]))) as events:
        first = next(event for event in events if isinstance(event, AudioDelta))
    assert first.start_s == 0
    assert len(first.pcm) > first.sample_rate  # half a second at least
