"""The pool goes on whatever raises in it: no file left to open, requesters that fail, bad requests."""

from __future__ import annotations

import logging
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.pool.conftest import MakePool, roomy_memory, say
from tests.pool.watching import text_of, wait_for, worker
from workers.client import Client
from workers.messages import END_EVENTS, Event, Failed, Finished, Request
from workers.pool.guard import Guard
from workers.pool.memory.manager import MemoryManager
from workers.pool.pool import Pool


@contextmanager
def no_file_left() -> Iterator[None]:
    """While this lasts, this process cannot open anything: EMFILE."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def put(pool: Pool, client: Client, request: Request) -> list[Event]:
    heard: list[Event] = []
    pool.submit(request, client.card("text"), heard.append)
    return heard


def has_ended(heard: list[Event]) -> bool:
    return bool(heard) and isinstance(heard[-1], END_EVENTS)


def test_supervision_outlives_a_time_without_files(
    make_pool: MakePool, caplog: pytest.LogCaptureFixture
) -> None:
    _, client = make_pool(idle_ttl_s=1.5)
    client.run(say("hello"))
    with no_file_left():
        wait_for(lambda: "Too many open files" in caplog.text)
        with pytest.raises(OSError, match="Too many open files"):
            open("/proc/self/stat").close()
    wait_for(lambda: worker(client).state == "asleep")  # time is still looked after
    assert text_of(client.run(say("again"))) == "again "


def test_a_request_without_files_is_refused_with_the_reason_and_the_next_is_answered(
    make_pool: MakePool,
) -> None:
    pool, client = make_pool()
    pool.prepare(client.card("text"))
    with no_file_left():
        heard = put(pool, client, say("nobody can be started now"))
        wait_for(lambda: has_ended(heard))
    assert isinstance(heard[-1], Failed)
    assert "Too many open files" in heard[-1].message
    assert text_of(client.run(say("hello"))) == "hello "


def test_a_requester_that_raises_harms_nobody_else(make_pool: MakePool) -> None:
    pool, client = make_pool()
    client.run(say("awake"))

    def broken(event: Event) -> None:
        raise RuntimeError("this inbox is broken")

    for text in ("slow " * 3000, "one", "two"):  # the first would take half a minute
        pool.submit(say(text), client.card("text"), broken)
    assert text_of(client.run(say("hello"))) == "hello "
    wait_for(lambda: worker(client).num_running + worker(client).num_waiting == 0)


def test_what_cannot_be_sent_to_a_process_is_refused_and_holds_no_slot(make_pool: MakePool) -> None:
    pool, client = make_pool()
    heard = put(pool, client, say("hello", tool_choice=threading.Lock()))
    wait_for(lambda: has_ended(heard))
    assert isinstance(heard[-1], Failed)
    assert "cannot be sent" in heard[-1].message
    assert text_of(client.run(say("hello"))) == "hello "


def test_a_second_request_with_the_same_id_is_refused_and_the_first_answered(
    make_pool: MakePool,
) -> None:
    pool, client = make_pool()
    request = say("hello")
    first, second = put(pool, client, request), put(pool, client, request)
    wait_for(lambda: has_ended(first) and has_ended(second))
    assert isinstance(first[-1], Finished)
    assert isinstance(second[-1], Failed)
    assert "on its way already" in second[-1].message


def test_a_model_that_cannot_be_reckoned_with_is_refused_and_others_are_answered(
    make_pool: MakePool,
) -> None:
    roomy = roomy_memory()

    def places(card: object) -> object:
        if card.id == "fake-text-b":  # type: ignore[attr-defined]
            raise ZeroDivisionError("a bug in the estimate")
        return roomy.places(card)  # type: ignore[arg-type]

    memory: MemoryManager = replace(roomy, places=places)  # type: ignore[arg-type]
    pool, client = make_pool(memory=memory)
    heard: list[Event] = []
    pool.submit(say("hello"), client.models.get("fake-text-b"), heard.append)
    assert text_of(client.run(say("hello"))) == "hello "
    wait_for(lambda: has_ended(heard))
    assert isinstance(heard[-1], Failed)
    assert "a bug in the estimate" in heard[-1].message


def test_the_same_fault_is_logged_once_a_minute_with_its_number(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = 0.0
    guard = Guard(lambda: now)

    def fail() -> None:
        raise OSError(24, "Too many open files")

    with caplog.at_level(logging.ERROR):
        for step in range(240):
            now = step * 0.5
            assert isinstance(guard.run("the sampler", fail), OSError)
    assert len(caplog.records) == 2
    assert "119 times" in caplog.records[1].getMessage()
