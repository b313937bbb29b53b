"""A real Quintet on a free port, for tests that talk to it from outside."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

ROOT = Path(__file__).parents[1]
START_TIMEOUT_S = 180
STOP_TIMEOUT_S = 60


@dataclass(frozen=True)
class App:
    """A running Quintet."""

    url: str
    process: subprocess.Popen[str]
    data_dir: Path
    log: Path


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for yet does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def command_of(process: psutil.Process) -> str:
    """Return what a process was started with; "" if it has just ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # a zombie is one, too
        return ""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start_app(folder: Path, *arguments: str, **environment: str) -> App:
    port = free_port()
    log = folder / "app.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [
                sys.executable,
                "app.py",
                "--port",
                str(port),
                "--data-dir",
                str(folder / "data"),
                *arguments,
            ],
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
            time.sleep(0.05)


def stop_app(app: App) -> int:
    app.process.send_signal(signal.SIGINT)
    return app.process.wait(STOP_TIMEOUT_S)
