"""The pool's loop carries tokens: it reads no files, starts no programs, and waits for nobody who does."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.pool.conftest import MakePool, fake_models, place_of, process_spec, roomy_memory, say
from tests.pool.watching import start_in_background, text_of, wait_for, worker
from workers.client import Client
from workers.messages.errors import WorkerDiedError
from workers.messages.process_spec import ProcessSpec
from workers.pool.child import Child
from workers.pool.host import Host, Scales
from workers.pool.memory.machine import DeviceMemory, read_memory
from workers.pool.memory.placement import Placement
from workers.pool.pending import PoolLimits
from workers.pool.pool import Pool

READS = ("open", "os.listdir", "os.scandir", "subprocess.Popen", "os.posix_spawn", "os.fork")
LOOP = "pool"
"""The loop's thread."""


class Ear:
    """Hears of everything that the loop's thread reads. Python has no way to take a hook off again."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.is_listening = True
        sys.addaudithook(self._hook)

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if self.is_listening and event in READS and threading.current_thread().name == LOOP:
            self.heard.append(f"{event} {args[0]}")


def test_the_loop_reads_and_starts_nothing_itself(make_pool: MakePool) -> None:
    ear = Ear()
    pool, client = make_pool(ping_every_s=0.1, restart_pause_s=0.01, stall_timeout_s=60)
    client.warm("tts")
    assert text_of(client.run(say("hello"))) == "hello "
    assert text_of(client.run(say("who", model="fake-text-b"))) == "fake-text-b "
    with pytest.raises(WorkerDiedError):
        client.run(say("die"))
    running, _ = start_in_background(client, "slow " * 150)  # long enough to be looked at
    running.join(120)
    wait_for(lambda: worker(client).resident_mib > 0)
    pool.close()
    ear.is_listening = False
    assert not ear.heard


@pytest.mark.parametrize("what", ["starts", "places", "memory", "processes"])
def test_what_hangs_aside_holds_up_nobody_else(what: str, tmp_path: Path) -> None:
    gate = Gate()
    pool, client = gated_pool(gate, what, tmp_path)
    try:
        assert text_of(client.run(say("hello"))) == "hello "
        gate.is_shut = True
        if what in ("starts", "places"):
            client.warm("stt")
        gate.is_reached.wait(30)
        assert text_of(client.run(say("still"))) == "still "
        gate.open()
        client.warm("stt")
        wait_for(lambda: worker(client, "stt").state == "ready")
    finally:
        gate.open()
        pool.close()


def test_a_pool_closes_although_a_start_hangs_and_leaves_no_process(tmp_path: Path) -> None:
    gate = Gate()
    children: list[Child] = []

    def start(*args: Any) -> Child:
        children.append(Child(*args))
        return children[-1]

    pool, client = gated_pool(gate, "starts", tmp_path, start)
    gate.is_shut = True
    client.warm("stt")
    gate.is_reached.wait(30)
    pool.close()
    assert worker(client, "stt").pid is None
    gate.open()
    assert not children


class Gate:
    """Where a thread waits while it is shut."""

    def __init__(self) -> None:
        self.is_shut = False
        self.is_reached = threading.Event()
        self._opened = threading.Event()

    def pass_(self) -> None:
        if self.is_shut and threading.current_thread().name != "MainThread":
            self.is_reached.set()
            self._opened.wait(60)

    def open(self) -> None:
        self.is_shut = False
        self._opened.set()


def gated_pool(
    gate: Gate, what: str, folder: Path, start: Callable[..., Child] = Child
) -> tuple[Pool, Client]:
    """A pool in which one thing waits at the gate."""

    def process_spec_of(found: Any, placement: Placement) -> ProcessSpec:
        if what == "starts":
            gate.pass_()
        return process_spec(found, folder)

    def places(found: Any) -> tuple[Placement, ...]:
        if what == "places":
            gate.pass_()
        return place_of(found)

    def read() -> tuple[DeviceMemory, ...]:
        if what == "memory":
            gate.pass_()
        return read_memory()

    class GatedScales(Scales):
        def in_use_mib(self, pid: int) -> dict[str, int]:
            if what == "processes":
                gate.pass_()
            return super().in_use_mib(pid)

    memory = replace(roomy_memory(), places=places)
    memory.tracker._read_memory = read
    models = fake_models()
    host = Host(start=start, scales=GatedScales())
    pool = Pool(models, process_spec_of, PoolLimits(), memory, host)
    pool.start()
    return pool, Client(pool, models)
