"""From `python app.py` to a served page, and how much memory everything holds."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

from .harness import Measurement

RUNS = 3
ROOT = Path(__file__).parent.parent
GIVE_UP_S = 120.0


def measure() -> list[Measurement]:
    """Return start-up time, the main process's memory, and the sum with all workers awake."""
    served, main_mib, all_mib = [], 0.0, 0.0
    for run in range(RUNS):
        with tempfile.TemporaryDirectory() as folder:
            port = _free_port()
            command = [sys.executable, "app.py", "--port", str(port), "--data-dir", folder]
            started = time.perf_counter()
            app = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
            try:
                _wait(f"http://127.0.0.1:{port}/")
                served.append(time.perf_counter() - started)
                if run == RUNS - 1:
                    main_mib, all_mib = _memory(app.pid, port)
            finally:
                app.terminate()
                app.wait()
    return [
        Measurement(
            what="start → page served (median)",
            value=sorted(served)[RUNS // 2],
            unit="s",
            bar="≤ 6",
            runs=RUNS,
        ),
        Measurement(what="main process, resident", value=main_mib, unit="MiB", bar="≤ 400"),
        Measurement(
            what="all five workers awake, resident", value=all_mib, unit="MiB", bar="≤ 3072"
        ),
    ]


def _memory(pid: int, port: int) -> tuple[float, float]:
    """Wait until all workers are ready; return MiB of the main process and of all together."""
    give_up = time.monotonic() + GIVE_UP_S
    while time.monotonic() < give_up:
        states = _states(port)
        if states.count('"ready"') == 6:  # the application and its five workers
            break
        time.sleep(0.5)
    main = psutil.Process(pid)
    family = [main, *main.children(recursive=True)]
    resident = [process.memory_info().rss / 2**20 for process in family]
    return resident[0], sum(resident)


def _states(port: int) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
            return str(answer.read(), "utf-8")
    except urllib.error.HTTPError:
        return ""  # 503: nobody is ready yet


def _wait(url: str) -> None:
    give_up = time.monotonic() + GIVE_UP_S
    while time.monotonic() < give_up:
        try:
            urllib.request.urlopen(url).close()  # noqa: S310
        except OSError:
            time.sleep(0.02)
        else:
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
