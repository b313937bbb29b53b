"""The pool with real processes: start, answer, stream, cancel, die, recover, refuse, stop."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from contextlib import aclosing, closing
from pathlib import Path

import psutil
import pytest

from tests.pool.conftest import MakePool, say
from tests.pool.watching import LONG, start_in_background, text_of, wait_for, worker
from tests.running import is_alive
from workers.messages import END_EVENTS, Event, Finished, Queued, Started, TextDelta
from workers.messages.errors import (
    EngineError,
    LoadError,
    PoolClosedError,
    QueueFullError,
    TimedOutError,
    UnsupportedInputError,
    WorkerDiedError,
)


def test_a_request_wakes_the_worker_and_ends_in_one_finished(make_pool: MakePool) -> None:
    _, client = make_pool()
    assert worker(client).state == "asleep"
    events = client.run(say("good morning"))
    assert text_of(events) == "good morning "
    assert [type(event) for event in events if isinstance(event, END_EVENTS)] == [Finished]
    assert isinstance(events[-1], Finished)
    assert events[-1].usage.completion_tokens == 2
    assert events[-1].peak_mib > 0
    assert worker(client).state == "ready"


def test_waiting_requests_hear_why_and_the_wait_is_measured(make_pool: MakePool) -> None:
    _, client = make_pool(limits={"load_s": 0.3})
    events = client.run(say("hello"))
    reasons = [event.reason for event in events if isinstance(event, Queued)]
    assert any("waking Fake text" in reason for reason in reasons)
    started = next(event for event in events if isinstance(event, Started))
    assert started.queue_wait_s >= started.load_s >= 0.3


def test_the_async_stream_is_the_same(make_pool: MakePool) -> None:
    _, client = make_pool()
    events = asyncio.run(client.arun(say("one two three")))
    assert text_of(events) == "one two three "


def test_slots_answer_at_once_and_the_rest_wait_their_turn(make_pool: MakePool) -> None:
    _, client = make_pool(slots=2)
    client.run(say("awake"))
    readers = [start_in_background(client, "slow " * 100) for _ in range(4)]
    wait_for(lambda: worker(client).num_running == 2 and worker(client).num_waiting == 2)
    for thread, seen in readers:
        thread.join(120)
        assert isinstance(seen[-1], Finished)


def test_closing_the_stream_frees_the_slot(make_pool: MakePool) -> None:
    _, client = make_pool()
    with closing(client.stream(say(LONG))) as events:
        for event in events:
            if isinstance(event, TextDelta):
                break
    wait_for(lambda: worker(client).num_running == 0)
    assert text_of(client.run(say("next please"))) == "next please "


def test_a_vanished_async_client_frees_the_slot(make_pool: MakePool) -> None:
    _, client = make_pool()

    async def read_and_vanish() -> None:
        async with aclosing(client.astream(say(LONG))) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    await asyncio.sleep(3600)

    async def main() -> None:
        task = asyncio.create_task(read_and_vanish())
        while worker(client).num_running == 0:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    wait_for(lambda: worker(client).num_running == 0)


def test_cancel_by_id_ends_in_finished_cancelled(make_pool: MakePool) -> None:
    _, client = make_pool()
    request = say(LONG)
    seen: list[Event] = []
    for event in client.stream(request):
        seen.append(event)
        if isinstance(event, TextDelta):
            client.cancel(request.request_id)
    assert isinstance(seen[-1], Finished)
    assert seen[-1].reason == "cancelled"
    assert len(seen) < 1000


def test_a_waiting_request_is_cancelled_without_reaching_the_worker(make_pool: MakePool) -> None:
    pool, client = make_pool()
    blocker, _ = start_in_background(client, LONG)
    wait_for(lambda: worker(client).num_running == 1)
    request = say("never said")
    seen: list[Event] = []
    pool.submit(request, client.card("text"), seen.append)
    wait_for(lambda: worker(client).num_waiting == 1)
    client.cancel(request.request_id)
    wait_for(lambda: bool(seen) and isinstance(seen[-1], Finished))
    assert not any(isinstance(event, (Started, TextDelta)) for event in seen)
    client.sleep("text")
    blocker.join(120)


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("refuse this", UnsupportedInputError, "Say something else"),
        ("bug please", EngineError, "a bug in the engine"),
    ],
)
def test_a_failed_request_raises_its_error_and_harms_nothing(
    make_pool: MakePool, text: str, error: type[Exception], words: str
) -> None:
    _, client = make_pool()
    with pytest.raises(error, match=words):
        client.run(say(text))
    assert text_of(client.run(say("still here"))) == "still here "
    assert worker(client).num_deaths == 0


def test_a_full_queue_refuses_with_the_number(make_pool: MakePool) -> None:
    _, client = make_pool(max_waiting=1)
    readers = [start_in_background(client, LONG)]
    wait_for(lambda: worker(client).num_running == 1)
    readers.append(start_in_background(client, LONG))
    wait_for(lambda: worker(client).num_waiting == 1)
    with pytest.raises(QueueFullError, match="1 requests already wait"):
        client.run(say("no room"))
    client._pool.close()
    for thread, _ in readers:
        thread.join(120)


def test_a_request_that_waits_past_its_deadline_is_dropped(make_pool: MakePool) -> None:
    _, client = make_pool()
    blocker, _ = start_in_background(client, LONG)
    wait_for(lambda: worker(client).num_running == 1)
    with pytest.raises(TimedOutError, match="in the queue"):
        client.run(say("too late", deadline=time.monotonic() + 0.1))
    client.sleep("text")
    blocker.join(120)


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


def test_many_requests_each_end_exactly_once(make_pool: MakePool) -> None:
    pool, client = make_pool(slots=4, max_waiting=500)
    ends: dict[str, int] = {}
    done = threading.Event()
    lock = threading.Lock()

    def deliver(event: Event) -> None:
        if isinstance(event, END_EVENTS):
            with lock:
                ends[event.request_id] = ends.get(event.request_id, 0) + 1
                if len(ends) == 200:
                    done.set()

    for number in range(200):
        request = say(["hello world", "refuse", "bug", "slow a b"][number % 4])
        pool.submit(request, client.card("text"), deliver)
        if number % 7 == 0:
            pool.cancel(request.request_id)
    assert done.wait(60)
    client.run(say("hello"))  # an end that comes twice has come before the end of a later request
    assert set(ends.values()) == {1}


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
