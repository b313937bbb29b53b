"""What the pool's tests look at: answers, status, requests that run beside the test."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from tests.pool.conftest import say
from workers.client import Client
from workers.messages import END_EVENTS, Event, Queued, TextDelta
from workers.pool.status import WorkerStatus

LONG = "slow " * 3000


def text_of(events: Sequence[object]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def reasons(events: Sequence[object]) -> list[str]:
    return [event.reason for event in events if isinstance(event, Queued)]


def worker(client: Client, modality: str = "text") -> WorkerStatus:
    return next(status for status in client.status().workers if status.modality == modality)


def wait_for(condition: Callable[[], bool], timeout_s: float = 120.0) -> None:
    give_up = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < give_up, "did not happen in time"
        time.sleep(0.01)


def start_in_background(
    client: Client, text: str, model: str | None = None
) -> tuple[threading.Thread, list[object]]:
    """Run a request in a thread; the list ends with the exception it met, if any."""
    seen: list[object] = []

    def read() -> None:
        try:
            seen.extend(client.stream(say(text, model=model)))
        except Exception as err:  # noqa: BLE001 — handed to the test
            seen.append(err)

    thread = threading.Thread(target=read)
    thread.start()
    return thread, seen


class Line:
    """Requests put to the pool one after the other, and how they ended, in that order."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.events: dict[str, list[Event]] = {}
        self.ended: list[str] = []

    def submit(self, name: str, text: str, model: str | None = None) -> str:
        """Put a request; returns its id."""
        heard = self.events.setdefault(name, [])

        def deliver(event: Event) -> None:
            heard.append(event)
            if isinstance(event, END_EVENTS):
                self.ended.append(name)

        request = say(text, model=model)
        card = self._client.models.get(model) if model else self._client.card("text")
        self._client._pool.submit(request, card, deliver)
        return request.request_id

    def wait(self) -> None:
        """Wait until every request has ended."""
        wait_for(lambda: len(self.ended) == len(self.events))

    def answer(self, name: str) -> str:
        return text_of(self.events[name])
