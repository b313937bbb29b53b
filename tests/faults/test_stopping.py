"""SIGTERM and Ctrl-C: what runs is told the reason, what comes is refused, and nothing is left."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from tests.running import App, start_app

TIMEOUT_S = 60
STOPPING = "Quintet is stopping"
MESSAGES = [{"role": "user", "content": "Tell me a very long story about the sea."}]
STORY: dict[str, Any] = {"messages": MESSAGES, "max_tokens": 6000, "ignore_eos": True}
STREAMS: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": STORY | {"stream": True},
    "/v1/messages": STORY | {"stream": True},
    "/v1/responses": {"input": "Tell a story.", "max_output_tokens": 6000, "ignore_eos": True,
                      "stream": True},
    "/gen/v1/chat/completions": STORY | {"stream": True},
}  # fmt: skip

Start = Callable[..., App]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a Quintet whose language model is awake."""
    started: list[App] = []

    def start_ready(**environment: str) -> App:
        app = start_app(tmp_path, QUINTET_POOL__WARM="[text]", **environment)
        started.append(app)
        wait_until(lambda: text_state(app) == "ready")
        return app

    yield start_ready
    for app in started:
        app.process.kill()
        app.process.wait()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def wait_until(is_so: Callable[[], bool]) -> None:
    give_up = time.monotonic() + TIMEOUT_S
    while not is_so():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def text_state(app: App) -> str:
    state: str = httpx.get(f"{app.url}/readyz", timeout=TIMEOUT_S).json()["text"]
    return state


def post(app: App, path: str, body: dict[str, Any]) -> httpx.Response:
    """Return the whole answer, of a stream too."""
    return httpx.post(f"{app.url}{path}", json=body, timeout=TIMEOUT_S)


class Stream:
    """A streamed answer that has begun, read in another thread."""

    def __init__(
        self, threads: ThreadPoolExecutor, app: App, path: str, body: dict[str, Any]
    ) -> None:
        self._has_begun = threading.Event()
        self._reader = threads.submit(self._read, f"{app.url}{path}", body)
        assert self._has_begun.wait(TIMEOUT_S)

    def text(self) -> str:
        """Return all of it once it has ended."""
        return self._reader.result(TIMEOUT_S)

    def has_ended(self) -> bool:
        return self._reader.done()

    def _read(self, url: str, body: dict[str, Any]) -> str:
        text = ""
        with httpx.stream("POST", url, json=body, timeout=TIMEOUT_S) as answer:
            assert answer.status_code == 200
            for piece in answer.iter_text():
                text += piece
                self._has_begun.set()
        return text


def children(app: App) -> list[psutil.Process]:
    found = psutil.Process(app.process.pid).children(recursive=True)
    assert found
    return found


def ended(app: App, processes: list[psutil.Process]) -> int:
    """Return the exit status once nothing of it is left."""
    status = app.process.wait(TIMEOUT_S)
    _, alive = psutil.wait_procs(processes, TIMEOUT_S)
    assert not alive
    assert "ERROR" not in app.log.read_text()
    return status


def last_data(stream: str) -> dict[str, Any]:
    """Return the last object of a stream of events or lines."""
    last = [line for line in stream.splitlines() if line.strip()][-1]
    found: dict[str, Any] = json.loads(last.removeprefix("data: "))
    return found


def test_what_runs_ends_with_the_reason(start: Start, threads: ThreadPoolExecutor) -> None:
    """Four streams and a question of the page's run, a plain request waits for one of them."""
    app = start(QUINTET_SERVER__DRAIN_S="0.2", QUINTET_WORKERS__TEXT__SLOTS="5")
    workers = children(app)
    streams = {path: Stream(threads, app, path, body) for path, body in STREAMS.items()}
    page = Client(app.url, verbose=False)
    asked = page.submit("Tell me a very long story about the sea.", api_name="/ask")
    wait_until(lambda: bool(asked.outputs()))
    plain = threads.submit(post, app, "/v1/chat/completions", STORY)
    app.process.send_signal(signal.SIGTERM)
    ends = {path: last_data(stream.text()) for path, stream in streams.items()}
    assert all(STOPPING in json.dumps(end) for end in ends.values()), ends
    assert ends["/v1/chat/completions"]["error"]["code"] == "pool_closed"
    assert ends["/v1/messages"]["type"] == "error"
    with pytest.raises(AppError, match=STOPPING):
        asked.result(TIMEOUT_S)
    assert plain.result().status_code == 503
    assert STOPPING in plain.result().json()["error"]["message"]
    assert "Retry-After" in plain.result().headers
    assert ended(app, workers) == 0


@pytest.mark.slow
def test_who_runs_may_end_and_who_comes_is_refused(
    start: Start, threads: ThreadPoolExecutor
) -> None:
    app = start(QUINTET_SERVER__DRAIN_S=str(TIMEOUT_S))
    workers = children(app)
    body = STREAMS["/v1/chat/completions"] | {"max_tokens": 400}
    stream = Stream(threads, app, "/v1/chat/completions", body)
    app.process.send_signal(signal.SIGINT)
    ready = f"{app.url}/readyz"
    wait_until(lambda: httpx.get(ready).json()["status"] == "stopping")
    assert httpx.get(ready).status_code == 503
    refused = post(app, "/v1/messages", STORY)
    joined = post(app, "/gradio_api/queue/join", {"data": [], "fn_index": 0, "session_hash": "a"})
    assert not stream.has_ended()
    assert stream.text().rstrip().endswith("data: [DONE]")
    for answer in (refused, joined):
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert STOPPING in answer.text
    assert refused.json()["type"] == "error"
    assert ended(app, workers) == 0


@pytest.mark.slow
def test_a_second_signal_ends_it_at_once(start: Start, threads: ThreadPoolExecutor) -> None:
    app = start(QUINTET_SERVER__DRAIN_S="3600")
    workers = children(app)
    path = "/v1/chat/completions"
    stream = Stream(threads, app, path, STREAMS[path])
    app.process.send_signal(signal.SIGTERM)
    wait_until(lambda: httpx.get(f"{app.url}/readyz").json()["status"] == "stopping")
    app.process.send_signal(signal.SIGTERM)
    assert ended(app, workers) == 128 + signal.SIGTERM
    assert STOPPING in stream.text()
