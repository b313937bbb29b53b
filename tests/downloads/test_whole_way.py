"""The whole way as a person goes it: refused with a command, the command, the answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.downloads.local_hub import LocalHub, serve
from tests.downloads.stand_ins import say_its_size, stand_in
from tests.running import ROOT, App, start_app, stop_app

MODEL = "smollm2-360m-instruct"
REPOSITORY = "HuggingFaceTB/SmolLM2-360M-Instruct-GGUF"
FILE = "smollm2-360m-instruct-q8_0.gguf"
"""On our hub it is the packaged smaller sister, which knows the capital of France, too."""
QUESTION = "What is the capital of France? Answer briefly."


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with serve(LocalHub({REPOSITORY: {FILE: stand_in()}}, large={FILE})) as hub:
        yield hub


@pytest.fixture
def app(hub: LocalHub, tmp_path: Path) -> Iterator[App]:
    say_its_size(tmp_path / "data", MODEL)
    running = start_app(tmp_path, QUINTET_HUB__ENDPOINT=hub.url, QUINTET_POOL__WARM="[]")
    yield running
    stop_app(running)


def chat(app: App) -> httpx.Response:
    body = {
        "model": MODEL,
        "messages": [{"role": "user", "content": QUESTION}],
        "temperature": 0,
        "max_tokens": 24,
    }
    return httpx.post(f"{app.url}/v1/chat/completions", json=body, timeout=240)


def listed(app: App) -> set[str]:
    models = httpx.get(f"{app.url}/v1/models", timeout=20).json()["data"]
    return {model["id"] for model in models}


def quintet(app: App, hub: LocalHub, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments, "--data-dir", str(app.data_dir)],
        cwd=ROOT,
        env={**os.environ, "QUINTET_HUB__ENDPOINT": hub.url},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.mark.slow
def test_a_model_is_refused_pulled_used_and_removed(app: App, hub: LocalHub) -> None:
    assert MODEL not in listed(app)
    refused = chat(app)
    assert refused.status_code == 404
    assert f"Run: quintet models pull {MODEL}" in refused.json()["error"]["message"]
    pulled = quintet(app, hub, "models", "pull", MODEL, "--json")
    said = {"id": MODEL, "weights": "here", "was": "not downloaded"}
    assert json.loads(pulled.stdout) == said, pulled
    assert MODEL in listed(app)
    answer = chat(app)
    assert "Paris" in answer.json()["choices"][0]["message"]["content"], answer.text
    removed = quintet(app, hub, "models", "rm", MODEL, "--yes", "--json")
    assert json.loads(removed.stdout)["freed_mib"] >= 90, removed
    assert MODEL not in listed(app)
    assert chat(app).status_code == 404
