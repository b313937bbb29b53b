"""Under the pool a program of its own is a part of its worker: in memory, on the cores, in death."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from configs.catalogue import load_catalogue
from configs.settings import load_settings
from tests.running import is_alive
from workers.assembly import build_pool
from workers.client import Client
from workers.messages import ChatMessage, Generate, SamplingParams, TextDelta
from workers.messages.errors import WorkerDiedError
from workers.pool.cores import Cores
from workers.pool.memory.machine import family_pids, process_mib, process_peak_mib

from .conftest import Program

DEADLINE_S = 120.0


def wait_for(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + DEADLINE_S
    while not is_so():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.05)


def say(text: str) -> Generate:
    turns = (ChatMessage(role="user", text=text),)
    return Generate(messages=turns, sampling=SamplingParams(max_tokens=8))


def answer(client: Client, text: str) -> str:
    events = client.run(say(text))
    return "".join(event.text for event in events if isinstance(event, TextDelta))


@contextmanager
def served(path: Path, data_dir: Path) -> Iterator[Client]:
    """All models in GGUF on this program, by the one setting."""
    flags = {
        "data_dir": str(data_dir), "log_level": "ERROR", "pool": {"warm": []},
        "gguf": {"engine": "llama-server", "server": str(path)},
    }  # fmt: skip
    pool, client = build_pool(load_settings("cpu", flags), load_catalogue())
    pool.start()
    try:
        yield client
    finally:
        pool.close()


def pid_of(client: Client) -> int:
    (pid,) = (worker.pid for worker in client.status().workers if worker.modality == "text")
    assert pid is not None
    return pid


def wait_until_missed(client: Client, pid: int) -> None:
    """The pool knows that a process has died: who asks earlier may still be sent to it, and fail."""
    wait_for(lambda: all(worker.pid != pid for worker in client.status().workers))


@pytest.fixture
def client(program: Program, tmp_path: Path) -> Iterator[Client]:
    with served(program(), tmp_path) as client:
        yield client


def server_of(worker_pid: int) -> psutil.Process:
    (server,) = psutil.Process(worker_pid).children(recursive=True)
    return server


def test_its_memory_its_cores_and_its_end_are_its_workers(client: Client) -> None:
    assert answer(client, "one two") == "one two "
    worker = pid_of(client)
    server = server_of(worker)
    assert family_pids(worker) == [worker, server.pid]
    alone = psutil.Process(worker).memory_info().rss >> 20
    assert process_mib(worker) > alone + 5
    assert process_peak_mib(worker) >= process_mib(worker) - 5
    if hasattr(os, "sched_getaffinity"):
        every = sorted(os.sched_getaffinity(0))
        cores = Cores()
        cores.share({"text": worker, "stt": os.getppid()}, ())
        cores._due.pop(os.getppid(), None)  # not ours to move
        cores.bind()
        assert set(server.cpu_affinity()) == set(psutil.Process(worker).cpu_affinity())
        assert len(every) == 1 or set(server.cpu_affinity()) < set(every)
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: not is_alive(server.pid))
    wait_until_missed(client, worker)
    assert answer(client, "there again") == "there again "


def test_if_it_dies_at_work_the_request_hears_why_and_the_next_is_served(client: Client) -> None:
    with pytest.raises(WorkerDiedError) as caught:
        answer(client, "so far !die")
    assert "killed by SIGSEGV: ggml: a tensor fell off" in str(caught.value)
    assert answer(client, "well again") == "well again "


def test_if_it_dies_idle_its_worker_follows(client: Client) -> None:
    answer(client, "hello")
    worker = pid_of(client)
    os.kill(server_of(worker).pid, signal.SIGKILL)
    wait_until_missed(client, worker)
    assert answer(client, "and back") == "and back "


def test_a_device_that_only_the_program_knows_is_used_and_counted_as_ram(
    program: Program, tmp_path: Path
) -> None:
    with served(program(devices=["Vulkan0"]), tmp_path) as client:
        assert answer(client, "on a card") == "on a card "
        (text,) = (worker for worker in client.status().workers if worker.modality == "text")
        assert (text.device, text.is_on_graphics) == ("vulkan0", True)
        assert text.granted_mib > 0
        assert set(client.status().memory.allocations["text"].granted_mib) == {"cpu"}
