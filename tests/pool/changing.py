"""Three models of one worker, and what its process does while they change."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.pool.conftest import say
from tests.pool.watching import text_of, wait_for, worker
from workers.client import Client

A, B, C = "fake-text", "fake-text-b", "fake-text-c"


def who(client: Client, model: str | None = None) -> str:
    return text_of(client.run(say("who", model=model))).strip()


def loads(folder: Path) -> list[str]:
    """The models of all processes so far, in order."""
    return (folder / "loads").read_text(encoding="utf-8").split()


def wait_until_loading(client: Client, model: str) -> int:
    """Wait until a process loads a model; returns its process id."""
    wait_for(lambda: worker(client).detail == "pretending" and worker(client).model_id == model)
    pid = worker(client).pid
    assert pid is not None
    return pid


def freeze(client: Client) -> int:
    """Let the process hear nothing any more, so that it leaves only by force; returns its id."""
    pid = worker(client).pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    return pid
