"""A Quintet that serves, as `python app.py` starts it, with an empty data folder."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent
GIVE_UP_S = 120.0
LOOK_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One that was started a moment ago."""

    url: str
    process: psutil.Process
    started: float = field(default_factory=time.perf_counter)

    def page_s(self) -> float:
        """Wait until the page is served; returns the seconds since the start."""
        return self._wait(lambda: bool(_read(f"{self.url}/")))

    def ready_s(self, *modalities: str) -> float:
        """Wait until models are in memory; returns the seconds since the start."""
        return self._wait(lambda: self._are_ready(modalities))

    def cpu_s(self) -> float:
        """Return what the main process has computed, in seconds of one core."""
        return cpu_s([self.process])

    def family(self) -> list[psutil.Process]:
        """Return the main process and all that it has started."""
        return [self.process, *self.process.children(recursive=True)]

    def _are_ready(self, modalities: tuple[str, ...]) -> bool:
        answer = _read(f"{self.url}/readyz")
        states = json.loads(answer) if answer else {}
        return all(states.get(name) in ("ready", "busy") for name in modalities)

    def _wait(self, is_done: Callable[[], bool]) -> float:
        give_up = self.started + GIVE_UP_S
        while not is_done():
            if time.perf_counter() > give_up:
                raise TimeoutError(f"nothing after {GIVE_UP_S:g} s at {self.url}")
            time.sleep(LOOK_S)
        return time.perf_counter() - self.started


@contextlib.contextmanager
def served(*flags: str) -> Iterator[Served]:
    """Start one; it is told to stop afterwards, and waited for."""
    with tempfile.TemporaryDirectory() as folder:
        port = _free_port()
        command = [sys.executable, "app.py", "--port", str(port), "--data-dir", folder, *flags]
        app = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        try:
            yield Served(url=f"http://127.0.0.1:{port}", process=psutil.Process(app.pid))
        finally:
            app.terminate()
            app.wait()


@contextlib.contextmanager
def open_page(url: str) -> Iterator[bool]:
    """Have the page open in headless Chromium; yields whether there is one."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if found is None:
        yield False
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = ("--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0")
        command = [found, *options, f"--user-data-dir={profile}", url]
        browser = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            yield True
        finally:
            browser.terminate()
            browser.wait()


def cpu_s(processes: list[psutil.Process]) -> float:
    """Return what these processes have computed so far, in seconds of one core."""
    total = 0.0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def _read(url: str) -> bytes:
    """Return what a GET answers; b"" while nobody does, or is not ready."""
    try:
        with urllib.request.urlopen(url) as answer:  # noqa: S310
            return bytes(answer.read())
    except (urllib.error.HTTPError, OSError):
        return b""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
