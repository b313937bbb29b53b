"""How much one key may ask for at once, and that whoever leaves makes room: in every route."""

from __future__ import annotations

import http.client
import json
import random
import time
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.running import App

ALICE = {"Authorization": "Bearer key-of-alice"}
BOB = {"x-api-key": "key-of-bob"}
STORY = {
    "messages": [{"role": "user", "content": "Tell me a very long story about the sea."}],
    "max_tokens": 4000,
    "temperature": 0,
    "repeat_penalty": 1,
}
SHORT = {"messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 3}
CHAT = "/v1/chat/completions"
TIMEOUT_S = 60


@pytest.fixture(scope="module")
def app(locked_app: App) -> App:
    chat(locked_app, headers=BOB).raise_for_status()  # its model is awake
    return locked_app


def wait_until(app: App, worker: str, state: str) -> None:
    give_up = time.monotonic() + TIMEOUT_S
    while (now := httpx.get(f"{app.url}/readyz").json()[worker]) != state:
        assert time.monotonic() < give_up, now
        time.sleep(0.05)


def chat(app: App, **options: Any) -> httpx.Response:
    return httpx.post(app.url + CHAT, json=SHORT, timeout=60, **options)


def let_in(app: App) -> httpx.Response:
    """Ask again as long as there is no place to wait in."""
    while (answer := chat(app, headers=ALICE)).status_code == 429:
        time.sleep(0.02)
    return answer


def refusal(app: App) -> httpx.Response:
    """Return how one more is refused; whoever is not refused soon leaves his place."""
    give_up = time.monotonic() + TIMEOUT_S
    short = ALICE | {"X-Request-Timeout": "0.1"}
    while (answer := chat(app, headers=short)).status_code != 429:
        assert time.monotonic() < give_up
    return answer


def streamed(app: App) -> Any:
    return httpx.stream(
        "POST", app.url + CHAT, json={**STORY, "stream": True}, headers=ALICE, timeout=60
    )


def test_a_key_has_its_places_until_its_streams_end(app: App) -> None:
    with ThreadPoolExecutor() as pool:
        with streamed(app) as stream:
            lines = stream.iter_lines()  # held: a generator that is thrown away closes the stream
            next(lines)
            waiting = pool.submit(let_in, app)
            refused = refusal(app)
            assert refused.headers["Retry-After"] == "2"
            sentence = refused.json()["error"]["message"]
            assert "“alice” may have 1 requests running and 1 waiting" in sentence
            assert chat(app, headers=BOB).status_code == 200
            assert httpx.get(f"{app.url}/v1/models", headers=ALICE).status_code == 200
            assert not waiting.done()
        assert waiting.result(TIMEOUT_S).status_code == 200  # the stream was closed: its turn
    assert chat(app, headers=ALICE).status_code == 200


def test_who_waits_and_leaves_gives_up_the_place(app: App) -> None:
    with streamed(app) as stream:
        lines = stream.iter_lines()
        next(lines)
        num_left, give_up = 0, time.monotonic() + TIMEOUT_S
        impatient = httpx.Timeout(TIMEOUT_S, read=0.3)
        while num_left < 3:
            assert time.monotonic() < give_up
            try:  # 429: the one before has not been missed yet
                httpx.post(app.url + CHAT, json=SHORT, headers=ALICE, timeout=impatient)
            except httpx.ReadTimeout:
                num_left += 1


def test_who_waits_for_a_place_is_informed_when_time_is_up(app: App) -> None:
    with streamed(app) as stream:
        lines = stream.iter_lines()
        next(lines)
        late = chat(app, headers=ALICE | {"X-Request-Timeout": "0.2"})
        assert late.status_code == 504
        assert "one of the 1 places of the API key “alice”" in late.json()["error"]["message"]
    assert chat(app, headers=ALICE).status_code == 200


def test_a_request_that_fails_gives_back_its_place(app: App) -> None:
    for _ in range(3):
        wrong = httpx.post(app.url + CHAT, json={"messages": []}, headers=ALICE)
        assert wrong.status_code == 400
    assert chat(app, headers=ALICE).status_code == 200


def speech(path: Path, seconds: int) -> Path:
    """Noise that a recogniser has to work on: no silence that it could skip."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(random.Random(1).randbytes(32_000) * seconds)
    return path


Route = tuple[str, str, dict[str, Any]]

ROUTES: list[Route] = [
    ("text", CHAT, STORY),
    ("text", CHAT, {**STORY, "stream": True}),
    ("text", "/agenerate", {"prompt": "Once upon a time", "params": {"max_tokens": 4000}}),
    ("tts", "/v1/audio/speech", {"input": "A long sentence about the wide sea. " * 800}),
]
MORE_ROUTES: list[Route] = [
    ("text", "/v1/completions", {"prompt": "Once upon a time", "max_tokens": 4000}),
    ("text", "/generate", {"prompt": "Once upon a time", "params": {"max_tokens": 4000}}),
    ("rag", "/v1/embeddings", {"input": ["many words about the wide sea " * 20] * 2000}),
]


def leave_at_work(app: App, worker: str, path: str, body: bytes, content_type: str) -> None:
    """Send a request, close the connection once the worker is busy, and wait for it to be free."""
    address = httpx.URL(app.url)
    connection = http.client.HTTPConnection(address.host, address.port, timeout=TIMEOUT_S)
    connection.request("POST", path, body, {**BOB, "Content-Type": content_type})
    wait_until(app, worker, "busy")
    connection.close()
    wait_until(app, worker, "ready")


@pytest.mark.parametrize(
    ("worker", "path", "body"),
    [*ROUTES, *(pytest.param(*route, marks=pytest.mark.slow) for route in MORE_ROUTES)],
)
def test_leaving_stops_the_work(app: App, worker: str, path: str, body: dict[str, Any]) -> None:
    leave_at_work(app, worker, path, json.dumps(body).encode(), "application/json")


@pytest.mark.slow
def test_leaving_stops_a_transcription(app: App, tmp_path: Path) -> None:
    audio = speech(tmp_path / "noise.wav", 900).read_bytes()
    form = httpx.Request("POST", app.url, files={"file": ("noise.wav", audio)})
    leave_at_work(app, "stt", "/v1/audio/transcriptions", form.read(), form.headers["content-type"])
