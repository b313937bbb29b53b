"""Real processes that hang: noticed, ended, told truly; those that are only slow are left alone."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.pool.conftest import MakePool, say
from tests.pool.watching import start_in_background, text_of, wait_for, worker
from workers.messages import Finished
from workers.messages.errors import TimedOutError, WorkerDiedError, WorkerHungError
from workers.pool.ending import describe_exit

SOON_S = 2.5
"""Short for a test, and long for a process that gets no hundredth of a core."""
LATER_S = 15.0
"""For a process that computes: on a busy machine, Python and our modules alone take seconds to load."""
LIMITS = {"stall_timeout_s": SOON_S, "spin_timeout_s": LATER_S, "ping_every_s": 0.5}
"""It is looked at so often that one that computes is seen to before it would be given up as still."""


@pytest.mark.parametrize("order", ["hang", "spin", "mute 3600"])
def test_a_hanging_engine_fails_its_own_request_and_the_next_process_serves_who_waits(
    make_pool: MakePool, order: str
) -> None:
    _, client = make_pool(**LIMITS)
    client.run(say("awake"))
    pid = worker(client).pid
    hanging, outcome = start_in_background(client, order)
    wait_for(lambda: worker(client).num_running == 1)
    waiting, after = start_in_background(client, "patient")
    hanging.join(120)
    waiting.join(120)
    assert isinstance(outcome[-1], WorkerHungError)
    assert "stopped answering while it worked (ended after" in str(outcome[-1])
    assert "memory" not in str(outcome[-1])
    assert isinstance(after[-1], Finished)
    assert worker(client).pid != pid


def test_a_stopped_process_is_noticed_although_it_neither_dies_nor_answers(
    make_pool: MakePool,
) -> None:
    _, client = make_pool(ping_timeout_s=LATER_S, ping_every_s=0.5)
    running, outcome = start_in_background(client, "toil 3600")
    wait_for(lambda: worker(client).num_running == 1)
    pid = worker(client).pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    running.join(120)
    assert isinstance(outcome[-1], WorkerHungError)
    assert "without a sign of life" in str(outcome[-1])
    assert text_of(client.run(say("hello"))) == "hello "


def test_an_engine_that_comes_further_without_a_word_is_left_alone(make_pool: MakePool) -> None:
    _, client = make_pool(**LIMITS)
    client.run(say("awake"))
    pid = worker(client).pid
    assert text_of(client.run(say(f"toil {LATER_S + SOON_S}"))) == "done"
    assert worker(client).pid == pid
    assert worker(client).num_deaths == 0


def test_a_load_that_hangs_once_is_tried_again(make_pool: MakePool, tmp_path: Path) -> None:
    (tmp_path / "hangs-on-load").write_text("once\n")
    _, client = make_pool(**LIMITS)
    assert text_of(client.run(say("hello"))) == "hello "
    assert worker(client).num_deaths == 1


def test_a_load_that_always_hangs_is_reported_to_who_waits_and_mended_later(
    make_pool: MakePool, tmp_path: Path
) -> None:
    stuck = tmp_path / "hangs-on-load"
    stuck.write_text("again\n" * 99)
    _, client = make_pool(**LIMITS)
    with pytest.raises(WorkerHungError, match="hung while it was loaded"):
        client.run(say("hello"))
    assert worker(client).state == "failed"
    stuck.unlink()
    assert text_of(client.run(say("hello"))) == "hello "


def test_what_is_late_and_does_not_stop_costs_the_process_its_life(make_pool: MakePool) -> None:
    _, client = make_pool(slots=2, cancel_grace_s=0.5, timeout_s={"text": 1.0})
    patient = client.until(time.monotonic() + 600)
    patient.run(say("awake"))
    pid = worker(client).pid
    beside, outcome = start_in_background(patient, "toil 3600")
    wait_for(lambda: worker(client).num_running == 1)
    with pytest.raises(TimedOutError, match=r"did not answer within 1 s.*being worked on"):
        client.run(say("hang"))
    beside.join(120)
    assert isinstance(outcome[-1], WorkerHungError)
    assert "a request that was stopped" in str(outcome[-1])
    assert text_of(patient.run(say("hello"))) == "hello "
    assert worker(client).pid != pid


def test_lack_of_memory_is_guessed_at_only_for_a_kill_that_is_not_ours(
    make_pool: MakePool,
) -> None:
    _, client = make_pool()
    running, outcome = start_in_background(client, "toil 3600")
    wait_for(lambda: worker(client).num_running == 1)
    pid = worker(client).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    running.join(120)
    assert isinstance(outcome[-1], WorkerDiedError)
    assert not isinstance(outcome[-1], WorkerHungError)
    assert "perhaps for lack of memory" in str(outcome[-1])
    assert describe_exit(-signal.SIGKILL, by_us=True) == "ended by Quintet"
    assert describe_exit(-signal.SIGSEGV, by_us=True) == "killed by SIGSEGV"


def test_a_worker_that_is_put_to_sleep_while_it_hangs_does_not_speak_of_memory(
    make_pool: MakePool,
) -> None:
    _, client = make_pool(stop_grace_s=0.2)
    running, outcome = start_in_background(client, "hang")
    wait_for(lambda: worker(client).num_running == 1)
    client.sleep("text")
    running.join(120)
    assert "ended by Quintet" in str(outcome[-1])
    assert "memory" not in str(outcome[-1])
