"""The real application on a free port, and a real browser in front of it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
START_TIMEOUT_S = 60


@dataclass(frozen=True)
class App:
    """A running Quintet."""

    url: str
    process: subprocess.Popen[str]
    data_dir: Path
    log: Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start_app(folder: Path, **environment: str) -> App:
    port = free_port()
    log = folder / "app.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "app.py", "--port", str(port), "--data-dir", str(folder / "data")],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "GRADIO_TEMP_DIR": str(folder / "gradio"), **environment},
        )
    app = App(f"http://127.0.0.1:{port}", process, folder / "data", log)
    give_up = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            httpx.get(f"{app.url}/healthz", timeout=2).raise_for_status()
            return app
        except httpx.HTTPError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < give_up, log.read_text()
            time.sleep(0.1)


def stop_app(app: App) -> int:
    app.process.send_signal(signal.SIGINT)
    return app.process.wait(20)


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    running = start_app(tmp_path_factory.mktemp("app"))
    yield running
    stop_app(running)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_FLAGS))
        yield chromium
        chromium.close()


OpenTab = Callable[..., Page]


@pytest.fixture
def open_tab(app: App, browser: Browser) -> Iterator[OpenTab]:
    """Open the page on one tab in a browser context of its own; errors in its console fail."""
    contexts = []

    def open_page(tab: str, width: int = 1280, height: int = 900) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            permissions=["microphone"],
            accept_downloads=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(45_000)
        page.goto(app.url)
        page.get_by_role("tab", name=tab, exact=True).click()
        return page

    yield open_page
    for context in contexts:
        context.close()
