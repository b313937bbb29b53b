"""The whole application as a process: served, ready, stopped, killed."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import httpx
import psutil
import pytest

from tests.apps import PASSWORD
from tests.running import App, start_app


def children_of(app: App) -> list[psutil.Process]:
    return psutil.Process(app.process.pid).children(recursive=True)


def wait_until_ready(app: App) -> dict[str, str]:
    give_up = time.monotonic() + 90
    while True:
        states: dict[str, str] = httpx.get(f"{app.url}/readyz").json()
        if all(states[name] == "ready" for name in ("text", "stt", "tts", "vision", "rag")):
            return states
        assert time.monotonic() < give_up, states
        time.sleep(0.05)


def are_gone(processes: list[psutil.Process], timeout_s: float = 15) -> bool:
    return not psutil.wait_procs(processes, timeout=timeout_s)[1]


def test_all_five_workers_come_up_by_themselves(app: App) -> None:
    states = wait_until_ready(app)
    assert states["status"] == "ready"
    assert len(children_of(app)) >= 5


def test_the_main_process_loads_no_model_library(app: App) -> None:
    maps = Path(f"/proc/{app.process.pid}/maps")
    loaded = maps.read_text()
    for library in ("xllamacpp", "ctranslate2", "onnxruntime", "chromadb", "libtorch", "/cv2"):
        assert library not in loaded


@pytest.mark.slow  # `faults/test_stopping.py` keeps SIGTERM, under load
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_an_orderly_stop_leaves_no_process(tmp_path: Path, stop: signal.Signals) -> None:
    app = start_app(tmp_path, QUINTET_POOL__WARM="[tts]")
    processes = children_of(app)
    app.process.send_signal(stop)
    app.process.wait(60)
    assert are_gone(processes)


@pytest.mark.slow
def test_a_killed_application_leaves_no_process(tmp_path: Path) -> None:
    app = start_app(tmp_path, QUINTET_POOL__WARM="[tts]")
    give_up = time.monotonic() + 30
    while not children_of(app):
        assert time.monotonic() < give_up
        time.sleep(0.05)
    processes = children_of(app)
    os.kill(app.process.pid, signal.SIGKILL)
    app.process.wait(60)
    assert are_gone(processes)


def test_a_password_guards_the_page(locked_app: App) -> None:
    assert httpx.get(f"{locked_app.url}/config").status_code == 401
    right = {"username": "quintet", "password": PASSWORD}
    wrong = {**right, "password": "guess"}
    assert httpx.post(f"{locked_app.url}/login", data=wrong).status_code == 400
    assert httpx.post(f"{locked_app.url}/login", data=right).status_code == 200
