"""One Quintet that all of these tests molest, and that must be as good as new afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import psutil
import pytest

from tests.running import App, start_app, stop_app

from .talking import QUESTION, post, wait_until

MAX_GROWTH_MIB = 160
WORKERS = ("text", "stt", "tts", "vision", "rag")


@pytest.fixture(scope="package")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    running = start_app(tmp_path_factory.mktemp("hostile"))
    yield running
    stop_app(running)


@pytest.fixture(scope="package")
def http(app: App) -> Iterator[httpx.Client]:
    """A new connection for each request: one that was refused half-way is of no more use."""
    alone = httpx.Limits(max_keepalive_connections=0)
    with httpx.Client(base_url=app.url, timeout=60, limits=alone) as client:
        for worker in WORKERS:
            wait_until(client, worker, "ready", 60)
        yield client


@pytest.fixture(scope="package", autouse=True)
def unharmed(app: App, http: httpx.Client) -> Iterator[None]:
    """Afterwards: alive, ready, no larger, no failure in the log, and still answering."""
    before_mib = resident_mib(app)
    yield
    for worker in WORKERS:
        wait_until(http, worker, "ready")
    answer = post(http, "/v1/chat/completions", QUESTION).json()
    assert "Paris" in answer["choices"][0]["message"]["content"]
    assert "Traceback" not in app.log.read_text()
    assert resident_mib(app) - before_mib < MAX_GROWTH_MIB


def resident_mib(app: App) -> int:
    return int(psutil.Process(app.process.pid).memory_info().rss) >> 20
