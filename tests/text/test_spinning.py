"""The long spin of libgomp's threads ends while others compute: seen in the states of real threads."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.running import ROOT
from workers.engines.common.llamacpp.spinning import (
    CROWDED,
    LOOK_S,
    ROOMY,
    CoreWaits,
    Crowding,
)
from workers.pool.threads import usable_cores

DEADLINE_S = 60.0

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/schedstat").exists(), reason="only Linux counts how long threads wait"
)

TEAM = """
import ctypes, os, threading, time
import xllamacpp  # brings libgomp
from workers.engines.common.llamacpp import spinning

gomp = spinning._find_libgomp()
assert gomp is not None
work = ctypes.cast(ctypes.CDLL(None).free, ctypes.c_void_p)

def spinning_threads():
    states = []
    for task in os.listdir("/proc/self/task"):
        if int(task) == threading.get_native_id():
            continue
        try:
            with open(f"/proc/self/task/{task}/stat") as stat:
                states.append(stat.read().rpartition(")")[2].split()[0])
        except OSError:
            continue  # one of the ballast, which has just ended
    return states.count("R")

def settles_at(wanted):
    end = time.monotonic() + 30
    while spinning_threads() != wanted:
        assert time.monotonic() < end, f"{spinning_threads()} threads spin, not {wanted}"
        gomp.GOMP_parallel(work, None, ctypes.c_uint(2), ctypes.c_uint(0))
        time.sleep(0.01)

settles_at(1)              # the second of the team spins, for hours
ballast = spinning.Ballast(gomp)
settles_at(0)
ballast.drop()
settles_at(1)
print("steered")
"""

GUARD = """
import ctypes, os, threading, time
import xllamacpp
from workers.engines.common.llamacpp import spinning

before = len(os.listdir("/proc/self/task"))
guard = spinning.SpinGuard()
gomp = spinning._find_libgomp()
work = ctypes.cast(ctypes.CDLL(None).free, ctypes.c_void_p)
crowd = os.cpu_count() + 1

def ballast_becomes(wanted, meanwhile):
    end = time.monotonic() + 60
    while (len(os.listdir("/proc/self/task")) > before + crowd) != wanted:
        assert time.monotonic() < end, f"ballast: {not wanted}"
        meanwhile()

def crowd_one_core():
    # Two threads that always want to run, on one core.
    gomp.GOMP_parallel(work, None, ctypes.c_uint(2), ctypes.c_uint(0))
    sum(range(100_000))

free = os.sched_getaffinity(0)
os.sched_setaffinity(0, {min(free)})
with guard.at_work():
    ballast_becomes(True, crowd_one_core)
os.sched_setaffinity(0, free)
spinning.CROWDED = spinning.ROOMY = 1e9  # as on a machine with nobody else
with guard.at_work():
    ballast_becomes(False, lambda: time.sleep(0.01))
print("calmed")
"""


needs_two_cores = pytest.mark.skipif(
    usable_cores() < 2, reason="one core: libgomp never spins, and nobody waits for it"
)


def run(script: str) -> str:
    environment = {
        **os.environ,
        "OMP_WAIT_POLICY": "passive",
        "GOMP_SPINCOUNT": "1000000000000",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@needs_two_cores
def test_idle_threads_end_the_spin_and_their_end_brings_it_back() -> None:
    assert run(TEAM) == "steered"


@needs_two_cores
def test_threads_that_wait_for_a_core_are_calmed() -> None:
    assert run(GUARD) == "calmed"


def test_a_burst_is_not_a_crowd_and_a_crowd_is_left_behind_slowly() -> None:
    crowding, now, waited_s = Crowding(), 0.0, 0.0
    crowding.begin(waited_s, now)

    def pass_with(share: float, looks: int) -> bool:
        nonlocal now, waited_s
        for _ in range(looks):
            now, waited_s = now + LOOK_S, waited_s + share * LOOK_S
            crowding.look(waited_s, now)
        return crowding.is_crowded

    assert not pass_with(0.1, looks=100)
    assert not pass_with(1.0, looks=1)  # somebody's burst
    assert not pass_with(0.1, looks=20)
    assert pass_with(1.0, looks=20)  # two threads on one core
    assert pass_with((CROWDED + ROOMY) / 2, looks=100)
    assert not pass_with(0.1, looks=20)
    waited_s = 0.0  # threads that waited have ended
    assert not pass_with(0.0, looks=1)
    assert crowding.share >= 0


def test_threads_that_have_ended_are_forgotten_and_no_file_stays_open() -> None:
    before = watched_threads()  # an engine of another test may watch, too
    may_end = threading.Event()
    thread = threading.Thread(target=may_end.wait)
    with closing(CoreWaits()) as waits:
        thread.start()
        name = str(thread.native_id)
        assert waits.total_s() >= 0
        assert watched_threads()[name] == before[name] + 1
        may_end.set()
        thread.join()
        until = time.monotonic() + DEADLINE_S
        while watched_threads()[name] > before[name]:  # the system ends it a moment later
            assert waits.total_s() >= 0
            assert time.monotonic() < until
            time.sleep(0.01)
    assert watched_threads() <= before


def watched_threads() -> Counter[str]:
    """Return how many files are open on each thread's waiting."""
    found: Counter[str] = Counter()
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # that of this very list
            path = Path(os.readlink(f"/proc/self/fd/{name}"))
            found[path.parent.name] += path.name == "schedstat"
    return +found
