"""One download, seen and paused through every door: page, HTTP, command line, --url."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.downloads.local_hub import LocalHub, serve
from tests.downloads.stand_ins import say_its_size, stand_in
from tests.running import ROOT, App, start_app, stop_app
from tests.security.page_calls import Page, Press

MODEL, DEFAULT, LIMITED = "smollm2-360m-instruct", "smollm2-135m-instruct", "llama-3.2-1b-instruct"
FILE = "smollm2-360m-instruct-q8_0.gguf"
SLOW_BYTES_S = 500_000
"""Minutes for what our hub gives out as all of these models."""
TIMEOUT_S = 240.0
LOOK = Press(what="models-list", event="look", data=[""])


@pytest.fixture(scope="module")
def hub() -> Iterator[LocalHub]:
    repositories = {
        "HuggingFaceTB/SmolLM2-360M-Instruct-GGUF": {FILE: stand_in()},
        "maker/Tiny-Chat-GGUF": {"Tiny-Chat.Q4_1.gguf": stand_in()},
    }
    with serve(LocalHub(repositories, large={FILE, "Tiny-Chat.Q4_1.gguf"})) as hub:
        yield hub


@pytest.fixture(scope="module")
def app(hub: LocalHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("doors")
    say_its_size(folder / "data", MODEL)
    running = start_app(folder, QUINTET_HUB__ENDPOINT=hub.url, QUINTET_POOL__WARM="[]")
    yield running
    stop_app(running)


@pytest.fixture
def page(app: App) -> Iterator[Page]:
    with httpx.Client(base_url=app.url, timeout=60) as browser:
        yield Page(browser)


def press(page: Page, action: str, model: str = MODEL) -> str:
    wanted = {"action": action, "id": model}
    return page.send(Press(what="models-list", event="act", event_data=wanted))


def state(app: App, model: str = MODEL) -> dict[str, Any]:
    said = httpx.get(f"{app.url}/v1/models/{model}/state", timeout=60)
    found: dict[str, Any] = said.raise_for_status().json()
    return found


def wait_for(app: App, *states: str, more_than: int = -1) -> dict[str, Any]:
    give_up = time.monotonic() + TIMEOUT_S
    while True:
        found = state(app)
        if found["state"] in states and (found["done_bytes"] or 0) > more_than:
            return found
        assert time.monotonic() < give_up, found
        time.sleep(0.05)


def wait_for_page(page: Page, words: str) -> None:
    """The list that the page shows is up to a second old."""
    give_up = time.monotonic() + TIMEOUT_S
    while words not in (shown := page.send(LOOK)):
        assert time.monotonic() < give_up, shown
        time.sleep(0.05)


def command(hub: LocalHub, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "cli", "models", *arguments],
        cwd=ROOT,
        env={**os.environ, "QUINTET_HUB__ENDPOINT": hub.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def said(process: subprocess.Popen[str], status: int = 0) -> str:
    out, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == status, (out, err)
    return out if status == 0 else err


def test_one_download_is_seen_and_paused_through_every_door(
    app: App, hub: LocalHub, page: Page
) -> None:
    here, there = ("--data-dir", str(app.data_dir)), ("--url", app.url)
    hub.faults.bytes_per_s = SLOW_BYTES_S

    assert "Downloads go on" in press(page, "download")
    wait_for(app, "running", more_than=500_000)
    seen = json.loads(said(command(hub, "show", MODEL, "--json", *here)))
    assert "in another program" in seen["weights"]
    assert "downloading" in said(command(hub, "show", MODEL, *there))
    assert "paused" in said(command(hub, "pause", MODEL, *here))
    assert wait_for(app, "paused")["actions"] == ["resume", "remove"]
    wait_for_page(page, "paused")

    pulling = command(hub, "pull", MODEL, *there)  # goes on, and watches
    wait_for(app, "running", more_than=500_000)
    assert "paused" in said(command(hub, "pause", MODEL, *there))
    assert "Somebody has stopped the download" in said(pulling, status=1)

    pulling = command(hub, "pull", MODEL, *here)  # in its own process
    wait_for(app, "elsewhere")
    wait_for_page(page, "downloading")
    assert "paused" in press(page, "pause")
    assert "was paused" in said(pulling, status=1)
    wait_for(app, "paused")

    hub.faults.bytes_per_s = 0
    done = json.loads(said(command(hub, "pull", MODEL, "--json", *there)))
    assert (done["weights"], done["was"][:6]) == ("here", "paused")
    assert f"{MODEL}: in use" in said(command(hub, "use", MODEL, *there))
    assert "is in use" in said(command(hub, "rm", "--yes", MODEL, *there), status=2)
    assert "in use" in said(command(hub, "use", DEFAULT, *there))
    removed = json.loads(said(command(hub, "rm", "--yes", "--json", MODEL, *there)))
    assert removed["freed_mib"] >= 90
    assert state(app)["state"] == "absent"


def test_a_model_is_added_fetched_and_forgotten_over_http(app: App) -> None:
    with httpx.Client(base_url=f"{app.url}/v1", timeout=60) as client:
        asked = {"source": "maker/Tiny-Chat-GGUF", "id": "tiny-chat"}
        looked = client.post("/models", json={**asked, "dry_run": True})
        assert (looked.status_code, looked.json()["added"]) == (200, False)
        assert looked.json()["state"]["plan"]["outcome"] in ("fits", "fits_after_sleep")
        assert client.get("/models/tiny-chat/state").status_code == 404
        assert client.post("/models", json=asked).status_code == 201
        assert client.get("/models/tiny-chat/state").json()["state"] == "absent"
        known = client.get("/models", params={"with_state": True}).json()["data"]
        listed = client.get("/models").json()["data"]
        assert "tiny-chat" in {model["id"] for model in known}
        assert "tiny-chat" not in {model["id"] for model in listed}
        gone = client.delete("/models/tiny-chat").json()
        assert (gone["object"], gone["deleted"], gone["forgotten"]) == ("model", True, True)
        assert client.get("/models/tiny-chat").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "sentence"),
    [
        ("POST", f"{LIMITED}/pull", {}, 'send {"accept_license": true}'),
        ("POST", f"{LIMITED}/pull", {"accept_license": "perhaps"}, "accept_license"),
        ("POST", f"{DEFAULT}/pull", None, "Run: pip install"),
        ("POST", f"{LIMITED}/pause", None, "is not being downloaded"),
        ("DELETE", DEFAULT, None, "pip uninstall"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence(
    method: str, path: str, body: Any, sentence: str, app: App
) -> None:
    answer = httpx.request(method, f"{app.url}/v1/models/{path}", json=body, timeout=60)
    assert answer.status_code == 400, answer.text
    assert sentence in answer.json()["error"]["message"]


def test_a_model_that_is_not_here_is_not_used(app: App) -> None:
    answer = httpx.post(f"{app.url}/v1/models/{LIMITED}/use", timeout=60)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_fetched")
