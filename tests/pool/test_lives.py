"""The pool with real processes: what becomes of them. They die, come back, sleep, are warmed, end."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from tests.pool.conftest import MakePool, say
from tests.pool.watching import LONG, start_in_background, text_of, wait_for, worker
from tests.running import is_alive
from workers.messages import Finished, Started
from workers.messages.errors import (
    LoadError,
    PoolClosedError,
    WorkerDiedError,
)


def test_killing_a_worker_fails_only_its_own_requests(make_pool: MakePool) -> None:
    _, client = make_pool()
    other = say("slow " * 200)
    thread, seen = start_in_background(client, LONG)
    wait_for(lambda: worker(client).num_running == 1)
    waiting, after = start_in_background(client, "patient")
    wait_for(lambda: worker(client).num_waiting == 1)
    pid = worker(client).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    thread.join(120)
    waiting.join(120)
    assert isinstance(seen[-1], WorkerDiedError)
    assert "SIGKILL" in str(seen[-1])
    assert isinstance(after[-1], Finished)  # what only waited is answered by the new process
    assert worker(client).num_deaths == 1
    assert worker(client).pid != pid
    assert text_of(client.run(other))


def test_a_worker_that_dies_while_loading_is_tried_again_and_then_given_up(
    make_pool: MakePool, tmp_path: Path
) -> None:
    (tmp_path / "die-on-load").touch()
    _, client = make_pool(max_deaths=3, restart_pause_s=0.01)
    with pytest.raises(WorkerDiedError, match="exit status 7"):
        client.run(say("hello"))


def test_a_load_error_fails_the_request_and_a_mended_cause_is_noticed(
    make_pool: MakePool, tmp_path: Path
) -> None:
    refusal = tmp_path / "refuse-to-load"
    refusal.touch()
    _, client = make_pool()
    with pytest.raises(LoadError, match="Delete the file"):
        client.run(say("hello"))
    assert worker(client).state == "failed"
    refusal.unlink()
    assert text_of(client.run(say("now it works"))) == "now it works "


def test_an_idle_worker_leaves_and_comes_back_on_demand(make_pool: MakePool) -> None:
    _, client = make_pool(idle_ttl_s=0.2)
    client.run(say("hello"))
    pid = worker(client).pid
    assert pid is not None
    wait_for(lambda: worker(client).state == "asleep")
    assert not psutil.pid_exists(pid)
    assert worker(client).num_deaths == 0
    assert text_of(client.run(say("again"))) == "again "


def test_a_silent_process_is_replaced(make_pool: MakePool) -> None:
    _, client = make_pool(ping_every_s=0.1, ping_timeout_s=6)
    client.run(say("hello"))
    pid = worker(client).pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(WorkerDiedError):
        client.run(say("anybody there"))
    assert text_of(client.run(say("hello"))) == "hello "


def test_a_cancelled_request_that_goes_on_costs_the_process_its_life(make_pool: MakePool) -> None:
    _, client = make_pool(cancel_grace_s=0.5)
    stream = client.stream(say("hang"))
    next(event for event in stream if isinstance(event, Started))
    pid = worker(client).pid
    stream.close()
    assert text_of(client.run(say("hello"))) == "hello "  # it waited for the hanging one
    assert worker(client).pid != pid


def test_a_request_during_sleep_wakes_the_worker_again(make_pool: MakePool) -> None:
    _, client = make_pool()
    client.run(say("hello"))
    client.sleep("text")
    assert text_of(client.run(say("back so soon"))) == "back so soon "


def test_warming_wakes_in_order_one_at_a_time(make_pool: MakePool) -> None:
    _, client = make_pool(limits={"load_s": 0.3})
    client.warm("text", "tts")
    most = 0
    while not all(worker(client, name).state == "ready" for name in ("text", "tts")):
        most = max(most, sum(status.state == "loading" for status in client.status().workers))
        time.sleep(0.01)
    assert most == 1
    assert worker(client, "stt").state == "asleep"


def test_closing_the_pool_ends_every_request_and_process(make_pool: MakePool) -> None:
    pool, client = make_pool()
    running, ran = start_in_background(client, LONG)
    wait_for(lambda: worker(client).num_running == 1)
    waiting, waited = start_in_background(client, "waiting")
    wait_for(lambda: worker(client).num_waiting == 1)
    pid = worker(client).pid
    pool.close()
    running.join(120)
    waiting.join(120)
    assert isinstance(ran[-1], PoolClosedError)
    assert isinstance(waited[-1], PoolClosedError)
    assert pid is not None
    assert not psutil.pid_exists(pid)
    with pytest.raises(PoolClosedError):
        client.run(say("too late"))


def test_a_hanging_engine_does_not_delay_the_stop_for_ever(make_pool: MakePool) -> None:
    pool, client = make_pool(stop_grace_s=0.3)
    thread, _ = start_in_background(client, "hang")
    wait_for(lambda: worker(client).num_running == 1)
    pid = worker(client).pid
    pool.close()
    thread.join(120)
    assert pid is not None
    assert not psutil.pid_exists(pid)


def test_a_killed_parent_leaves_no_orphan(tmp_path: Path) -> None:
    import subprocess
    import sys

    script = tmp_path / "parent.py"
    script.write_text(
        "from pathlib import Path\n"
        "import time\n"
        "from tests.pool.conftest import fake_models, process_spec, roomy_memory, say\n"
        "from workers.client import Client\n"
        "from workers.pool.pending import PoolLimits\n"
        "from workers.pool.pool import Pool\n"
        "if __name__ == '__main__':\n"
        "    models = fake_models()\n"
        "    spec_of = lambda card, placement: process_spec(card, Path(FOLDER))\n".replace(
            "FOLDER", repr(str(tmp_path))
        )
        + "    pool = Pool(models, spec_of, PoolLimits(), roomy_memory())\n"
        "    pool.start()\n"
        "    Client(pool, models).run(say('hello'))\n"
        "    print(pool.status().workers[0].pid, flush=True)\n"
        "    time.sleep(3600)\n"
    )
    root = Path(__file__).parents[2]
    parent = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert psutil.pid_exists(pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_for(lambda: not is_alive(pid))


@pytest.mark.parametrize("end", ["sleep", "kill"])
def test_what_an_engine_has_started_ends_with_it(make_pool: MakePool, end: str) -> None:
    pool, client = make_pool()
    started = int(text_of(client.run(say("breed"))))
    assert psutil.pid_exists(started)
    if end == "sleep":
        pool.sleep("text")
    else:
        psutil.Process(worker(client).pid).kill()
    wait_for(lambda: not is_alive(started))


def test_one_put_to_sleep_before_its_turn_to_be_warmed_stays_asleep(make_pool: MakePool) -> None:
    _, client = make_pool()
    client.warm("text", "stt", "tts")
    client.sleep("stt")
    wait_for(lambda: worker(client, "tts").state == "ready")
    assert worker(client, "stt").state == "asleep"


def test_sent_to_sleep_more_often_than_a_load_takes_it_still_answers(make_pool: MakePool) -> None:
    _, client = make_pool(limits={"load_s": 0.5})
    thread, seen = start_in_background(client, "patient")
    give_up = time.monotonic() + 30
    while thread.is_alive() and time.monotonic() < give_up:
        client.sleep("text")
        time.sleep(0.02)
    assert text_of(seen) == "patient "
    wait_for(lambda: worker(client).state == "asleep")
