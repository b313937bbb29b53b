"""Who gets memory, who makes room for it, and who waits behind whom."""

from __future__ import annotations

import random

import pytest

from tests.pool.conftest import say
from tests.pool.tight.asking import (
    WORKERS,
    PageOfKnownSize,
    Start,
    agrees,
    ask,
    awake,
    need_mib,
    resident_mib,
)
from tests.pool.watching import reasons, start_in_background, text_of, wait_for, worker
from workers.messages import END_EVENTS, Event, Finished
from workers.messages.errors import OutOfMemoryError
from workers.pool.memory.tracker import Budget


def test_what_fits_stays_awake_together(start: Start) -> None:
    _, client = start(need_mib("text") + need_mib("stt") + need_mib("tts"))
    for name in WORKERS:
        assert ask(client, name) == f"fake-{name}"
    assert awake(client) == set(WORKERS)


def test_the_smallest_idle_worker_that_is_enough_goes_to_sleep(start: Start) -> None:
    _, client = start(need_mib("text") + need_mib("stt"))
    for name in ("text", "stt", "tts"):
        assert ask(client, name) == f"fake-{name}"
    wait_for(lambda: awake(client) == {"text", "tts"})
    assert agrees(client)


def test_a_pinned_worker_stays_and_another_goes(start: Start) -> None:
    _, client = start(need_mib("text") + need_mib("stt"), pinned=("stt",))
    for name in ("text", "stt", "tts"):
        assert ask(client, name) == f"fake-{name}"
    wait_for(lambda: awake(client) == {"stt", "tts"})


def test_who_works_is_waited_for_and_the_reason_is_reported(start: Start) -> None:
    _, client = start(need_mib("text"))
    thread, seen = start_in_background(client, "slow " * 100)
    wait_for(lambda: worker(client).num_running == 1)
    heard: list[Event] = []
    client._pool.submit(say("who"), client.models.get("fake-stt"), heard.append)
    wait_for(lambda: bool(reasons(heard)))
    assert reasons(heard) == ["Fake stt is waiting for memory: Fake text is at work"]
    details = {status.modality: status.detail for status in client.status().workers}
    assert details["stt"] == "waiting for memory: Fake text is at work"
    thread.join(120)
    wait_for(lambda: isinstance(heard[-1], Finished))
    assert len(text_of(seen).split()) == 100
    assert awake(client) == {"stt"}


def test_two_that_never_fit_together_take_turns_and_all_are_answered(start: Start) -> None:
    _, client = start(need_mib("text"))
    runs = [start_in_background(client, "slow " * 20) for _ in range(4)]
    assert [ask(client, name) for name in ("stt", "tts", "stt")] == [
        "fake-stt", "fake-tts", "fake-stt",
    ]  # fmt: skip
    for thread, seen in runs:
        thread.join(120)
        assert len(text_of(seen).split()) == 20
    assert any(
        "making room" in reason or "memory" in reason
        for _, seen in runs
        for reason in reasons(seen)
    )


def test_a_model_that_cannot_fit_is_refused_with_the_numbers_and_harms_nobody(start: Start) -> None:
    _, client = start(need_mib("text") + need_mib("stt"))
    ask(client, "text")
    ask(client, "stt")
    message = ask(client, "text", model="fake-text-huge")
    assert "Fake text-huge will not fit: needs about 4.3 GB of RAM" in message
    assert awake(client) == {"text", "stt"}


def test_the_refusal_comes_back_as_its_class(start: Start) -> None:
    _, client = start(need_mib("text"))
    with pytest.raises(OutOfMemoryError, match="will not fit"):
        client.run(say("hello", model="fake-text-huge"))


def test_a_smaller_budget_puts_idle_workers_to_sleep_and_a_larger_one_lets_them_back(
    start: Start, page: PageOfKnownSize
) -> None:
    pool, client = start(need_mib("text") + need_mib("stt"))
    ask(client, "text")
    ask(client, "stt")
    ample = pool._memory.tracker.budget
    client.allow(Budget(ram_mib=page.mib + need_mib("text"), leave_room_mib=0))
    wait_for(lambda: len(awake(client)) == 1)
    client.allow(ample)
    ask(client, "stt")
    ask(client, "text")
    assert awake(client) == {"text", "stt"}


def test_an_idle_worker_leaves_when_the_page_itself_takes_more(
    start: Start, page: PageOfKnownSize
) -> None:
    _, client = start(need_mib("text") + need_mib("stt"))
    ask(client, "text")
    ask(client, "stt")
    page.mib += 100  # one of them is too much then, and one is not
    wait_for(lambda: len(awake(client)) == 1)
    ask(client, "text")
    assert len(awake(client)) == 1


def test_warming_lets_nobody_leave_but_a_request_right_behind_it_does(start: Start) -> None:
    _, client = start(need_mib("text"))
    ask(client, "text")
    pid = worker(client).pid
    client.warm("stt")
    ask(client, "text")  # asked after it: whatever warming does has begun
    assert worker(client).pid == pid
    assert awake(client) == {"text"}
    client.warm("stt")
    assert ask(client, "stt") == "fake-stt"
    assert awake(client) == {"stt"}


def test_one_who_gives_up_waiting_leaves_the_line(start: Start) -> None:
    _, client = start(need_mib("text"))
    thread, _ = start_in_background(client, "slow " * 150)
    wait_for(lambda: worker(client).num_running == 1)
    request = say("hello")
    ended: list[Event] = []
    client._pool.submit(request, client.models.get("fake-stt"), ended.append)
    wait_for(lambda: worker(client, "stt").num_waiting == 1)
    client.cancel(request.request_id)
    thread.join(120)
    wait_for(lambda: bool(ended) and isinstance(ended[-1], Finished))
    ask(client, "text")  # whoever still stood in the line would have come before
    assert "stt" not in awake(client)


@pytest.mark.slow
def test_switches_at_random_never_exceed_the_budget(start: Start) -> None:
    room_mib = need_mib("text-big")
    _, client = start(room_mib)
    chosen = random.Random(7)
    highest_mib = 0
    for _ in range(60):
        name = chosen.choice(["text", "text-big", "stt", "tts"])
        assert ask(client, name.partition("-")[0], model=f"fake-{name}") == f"fake-{name}"
        highest_mib = max(highest_mib, resident_mib(client))
    assert highest_mib <= room_mib
    assert agrees(client)


def test_requests_that_left_are_owed_to_nobody_and_later_ones_wait_behind_the_other(
    start: Start,
) -> None:
    pool, client = start(need_mib("text"))
    ended: list[str] = []

    def submit(model: str, name: str) -> str:
        def deliver(event: Event) -> None:
            if isinstance(event, END_EVENTS):
                ended.append(name)

        request = say("who")
        pool.submit(request, client.models.get(model), deliver)
        return request.request_id

    ids = [submit("fake-text", "left") for _ in range(8)]
    submit("fake-stt", "other")
    for request_id in ids:
        client.cancel(request_id)
    for _ in range(4):
        submit("fake-text", "later")
    wait_for(lambda: len(ended) == 13)
    assert ended == ["left"] * 8 + ["other"] + ["later"] * 4
