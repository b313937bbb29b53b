"""What the pool itself costs: a fake engine that takes no time, beside the same engine with no pool at all.

The yardstick is that engine in a thread of this process, which hands its pieces over through one queue: no
other process, no pipe, no scheduling. Both are measured in turn, so that a machine that others use drifts
for both alike; medians count, and the load is told.
"""

from __future__ import annotations

import os
import queue
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from configs.catalogue import ModelCard, load_catalogue
from configs.settings import CONFIGS_DIR
from workers.client import Client
from workers.engines.contract import CancelToken
from workers.engines.text.fake import FakeTextEngine
from workers.messages import ChatMessage, Event, Finished, Generate, Queued
from workers.messages.process_spec import WorkerSettings
from workers.pool.pool import Pool

from .harness import Measurement, quiet_pool

ROUNDS = 7
NUM_REQUESTS = 200
"""One after the other, of one word each."""
NUM_WORDS = 3000
"""Of the one request whose events are timed."""
NUM_WAITING = 30
"""That wait behind one, and are cancelled."""
MODEL = "fake-text"


def measure() -> list[Measurement]:
    """Return requests/s, µs per event and µs per cancelled request, of the pool and of the yardstick."""
    card = load_catalogue(CONFIGS_DIR / "fake_models")[MODEL]
    load = os.getloadavg()[0]
    with fake_pool(card) as (pool, client), bare(card) as ask:
        rounds = [
            (
                _requests_per_s(client.run),
                _requests_per_s(ask),
                _us_per_event(client.run),
                _us_per_event(ask),
                _us_per_cancelled(pool, client),
            )
            for _ in range(ROUNDS)
        ]
    pool_rate, bare_rate, pool_us, bare_us, cancel_us = map(
        statistics.median, zip(*rounds, strict=True)
    )
    note = f"load {load:.1f}"
    return [
        _row("requests one after the other", pool_rate, "requests/s", note),
        _row("the same without a pool", bare_rate, "requests/s", note),
        _row("time per event", pool_us, "µs", note),
        _row("the same without a pool", bare_us, "µs", note),
        _row("time per request cancelled in the queue", cancel_us, "µs", note),
    ]


def _row(what: str, value: float, unit: str, note: str) -> Measurement:
    return Measurement(what=f"pool: {what}", value=value, unit=unit, runs=ROUNDS, note=note)


@contextmanager
def fake_pool(card: ModelCard) -> Iterator[tuple[Pool, Client]]:
    """A pool whose text worker is a fake that takes no time, awake."""
    with quiet_pool(card, workers={"text": {"model": card.id}}) as (pool, client):
        client.run(_say("hello"))
        yield pool, client


@contextmanager
def bare(card: ModelCard) -> Iterator[Callable[[Generate], tuple[object, ...]]]:
    """The engine in a thread of this process, and one queue each way."""
    engine = FakeTextEngine()
    settings = WorkerSettings(card=card, threads=1, slots=1, data_dir=Path("/nowhere"), limits={})
    engine.load(Path("/nowhere"), settings, lambda loading: None)
    asked: queue.SimpleQueue[Generate | None] = queue.SimpleQueue()
    received: queue.SimpleQueue[object] = queue.SimpleQueue()

    def work() -> None:
        while (request := asked.get()) is not None:
            for piece in engine.generate(request, CancelToken()):
                received.put(piece)
            received.put(None)

    def ask(request: Generate) -> tuple[object, ...]:
        asked.put(request)
        return tuple(iter(received.get, None))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield ask
    finally:
        asked.put(None)
        thread.join()


def _requests_per_s(ask: Callable[[Generate], object]) -> float:
    started = time.perf_counter()
    for _ in range(NUM_REQUESTS):
        ask(_say("hello"))
    return NUM_REQUESTS / (time.perf_counter() - started)


def _us_per_event(ask: Callable[[Generate], tuple[object, ...]]) -> float:
    request = _say("word " * NUM_WORDS)
    started = time.perf_counter()
    num_events = len(ask(request))
    return (time.perf_counter() - started) / num_events * 1e6


def _us_per_cancelled(pool: Pool, client: Client) -> float:
    """Let requests wait behind one that goes on, and cancel them; the last first, as impatience does."""
    running = client.stream(_say("!slow " + "word " * 1000))
    while isinstance(next(running), Queued):
        pass
    inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
    requests = [_say("hello") for _ in range(NUM_WAITING)]
    started = time.perf_counter()
    for request in requests:
        pool.submit(request, client.card("text"), inbox.put)
    for request in reversed(requests):
        client.cancel(request.request_id)
    num_ended = 0
    while num_ended < NUM_WAITING:
        num_ended += isinstance(inbox.get(), Finished)
    elapsed_s = time.perf_counter() - started
    running.close()
    return elapsed_s / NUM_WAITING * 1e6


def _say(text: str) -> Generate:
    return Generate(messages=(ChatMessage(role="user", text=text),))
