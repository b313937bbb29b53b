"""The command as people run it: a process of its own, with a home of its own."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.main import main
from tests.running import ROOT

COMMAND = [sys.executable, str(ROOT / "quintet.py")]
TIMEOUT_S = 240

Done = subprocess.CompletedProcess[str]
Quintet = Callable[..., Done]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cli-home")


@pytest.fixture(scope="session")
def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QUINTET_")}
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        kept.pop(name, None)
    return {**kept, "HOME": str(home), "QUINTET_DATA_DIR": str(home / "data")}


@pytest.fixture(scope="session")
def quintet(home: Path, environment: dict[str, str]) -> Quintet:
    """Run a command in the home folder; `stdin` is piped in, `settings` are further variables."""

    def run(*arguments: str | Path, stdin: str = "", **settings: str) -> Done:
        return subprocess.run(
            [*COMMAND, *map(str, arguments)],
            cwd=home,
            env={**environment, **settings},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )

    return run


@pytest.fixture
def here(
    environment: dict[str, str],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Quintet:
    """Run a command in this process: quicker, for what needs no process of its own."""

    def run(*arguments: str | Path, **settings: str) -> Done:
        for name in [name for name in os.environ if name.startswith("QUINTET_")]:
            monkeypatch.delenv(name)
        for name, value in {**environment, **settings}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(home)
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        capsys.readouterr()
        status = main([*map(str, arguments)])
        said = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, status, said.out, said.err)

    return run


def interrupt(process: subprocess.Popen[str], ready: Callable[[], bool]) -> int:
    """Press Ctrl-C once something is seen; returns the exit status."""
    give_up = time.monotonic() + TIMEOUT_S
    while not ready():
        assert process.poll() is None, process.returncode
        assert time.monotonic() < give_up
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    return process.wait(TIMEOUT_S)
