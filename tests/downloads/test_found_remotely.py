"""Models of other programs over HTTP: an admin sees them, adds one by its name, and it answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.downloads.test_found import NAME, ollama_folder, studio_folder, weights
from tests.running import ROOT, App, start_app, stop_app

BEHIND_A_PROXY = {"X-Forwarded-For": "203.0.113.5"}
TIMEOUT_S = 60


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("found")
    ollama_folder(folder / "ollama")
    studio_folder(folder / "home" / ".lmstudio" / "models")
    (folder / "data").mkdir()
    running = start_app(
        folder / "data",
        HOME=str(folder / "home"),
        OLLAMA_MODELS=str(folder / "ollama"),
        QUINTET_POOL__WARM="[]",
    )
    yield running
    stop_app(running)


def listed(app: App, **headers: str) -> dict[str, Any]:
    said = httpx.get(
        f"{app.url}/v1/models?with_state=true", timeout=TIMEOUT_S, headers=headers or None
    )
    found: dict[str, Any] = said.raise_for_status().json()
    return found


def quintet(app: App, *arguments: str) -> str:
    run = subprocess.run(
        [sys.executable, "-m", "cli", *arguments, "--url", app.url],
        cwd=ROOT,
        env={**os.environ},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=True,
    )
    return run.stdout


def test_an_admin_sees_them_and_nobody_else(app: App) -> None:
    found = {model["name"]: model for model in listed(app)["found"]}
    assert found[NAME]["state"] == "found"
    assert found[NAME]["words"] == "here, in Ollama; not added"
    assert found[NAME]["size_bytes"] == weights().stat().st_size
    assert sum(name.startswith("lmstudio:") for name in found) == 1
    assert "found" not in listed(app, **BEHIND_A_PROXY)


def test_the_shell_lists_them_with_the_command_that_adds_one(app: App) -> None:
    said = quintet(app, "models", "list")
    assert "Found on that machine" in said
    assert f"quintet models add {NAME} --url {app.url}" in said
    rows = [json.loads(line) for line in quintet(app, "models", "list", "--json").splitlines()]
    assert NAME in [row.get("name") for row in rows]


def test_one_is_added_by_its_name_and_answers(app: App) -> None:
    body = {"source": NAME, "id": "mine"}
    httpx.post(f"{app.url}/v1/models", json=body, timeout=TIMEOUT_S).raise_for_status()
    assert NAME not in [model["name"] for model in listed(app)["found"]]
    question = {
        "model": "mine",
        "messages": [{"role": "user", "content": "What is the capital of France?"}],
        "temperature": 0,
        "max_tokens": 16,
    }
    said = httpx.post(f"{app.url}/v1/chat/completions", json=question, timeout=TIMEOUT_S)
    assert "Paris" in said.raise_for_status().json()["choices"][0]["message"]["content"]
