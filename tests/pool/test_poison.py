"""Requests that kill the process that works on them: they are refused, and the others are served."""

from __future__ import annotations

import pytest

from tests.pool.conftest import MakePool, say
from tests.pool.watching import start_in_background, text_of, worker
from workers.messages.errors import RequestError, WorkerDiedError


def test_a_request_that_kills_its_worker_is_refused_and_the_others_are_served(
    make_pool: MakePool,
) -> None:
    _, client = make_pool(max_deaths=3, restart_pause_s=0.01)
    for _ in range(3):
        with pytest.raises(WorkerDiedError):
            client.run(say("die"))
    with pytest.raises(RequestError, match="died 3 times while it worked on exactly this request"):
        client.run(say("die"))
    assert text_of(client.run(say("hello"))) == "hello "
    assert worker(client).num_deaths == 3


def test_requests_that_each_kill_the_worker_switch_it_off_for_nobody(make_pool: MakePool) -> None:
    _, client = make_pool(max_deaths=3, restart_pause_s=0.01)
    for number in range(8):
        with pytest.raises(WorkerDiedError):
            client.run(say(f"die {number}"))
    assert text_of(client.run(say("hello"))) == "hello "
    assert worker(client).num_deaths == 8


def test_what_waits_with_a_wish_that_kills_is_refused_with_it(make_pool: MakePool) -> None:
    _, client = make_pool(max_deaths=3, restart_pause_s=0.01)
    crowd = [start_in_background(client, "die") for _ in range(12)]
    hello, heard = start_in_background(client, "hello")
    for thread, _ in [*crowd, (hello, heard)]:
        thread.join(120)
    assert text_of(heard) == "hello "
    ends = [type(seen[-1]) for _, seen in crowd]
    assert (ends.count(WorkerDiedError), ends.count(RequestError)) == (3, 9)
    assert worker(client).num_deaths == 3
