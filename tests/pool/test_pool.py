"""The pool with real processes: what becomes of requests. Answered, streamed, cancelled, refused."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import aclosing, closing

import pytest

from tests.pool.conftest import MakePool, say
from tests.pool.watching import LONG, start_in_background, text_of, wait_for, worker
from workers.messages import END_EVENTS, Event, Finished, Queued, Started, TextDelta
from workers.messages.errors import (
    EngineError,
    QueueFullError,
    TimedOutError,
    UnsupportedInputError,
)
from workers.messages.folds import end_of
from workers.pool.stop_switch import StopSwitch


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


async def test_one_switch_ends_what_a_chain_has_under_way_and_what_it_begins_later(
    make_pool: MakePool,
) -> None:
    switch = StopSwitch()
    client = make_pool()[1]
    chained = client.stopped_by(switch)
    seen: list[Event] = []
    async for event in chained.astream(say(LONG)):
        seen.append(event)
        if isinstance(event, TextDelta):
            switch.press()
    assert end_of(seen).reason == "cancelled"
    assert len(seen) < 2000
    assert end_of(await chained.arun(say("hello"))).reason == "cancelled"
    assert end_of(chained.run(say("hello"))).reason == "cancelled"
    assert end_of(await client.arun(say("hello"))).reason == "stop"  # nobody else's


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
