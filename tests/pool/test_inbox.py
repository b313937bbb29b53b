"""What threads hand to the loop: in order, all of it, with few wake-ups."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextvars import Context
from typing import Any

import pytest

from workers.pool.inbox import Inbox


class CountingLoop(asyncio.SelectorEventLoop):
    """Counts how often another thread wakes it."""

    num_woken = 0

    def call_soon_threadsafe(  # type: ignore[override]  # the original is typed by what it calls
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        self.num_woken += 1
        return super().call_soon_threadsafe(callback, *args, context=context)


@pytest.fixture
def loop() -> Iterator[CountingLoop]:
    loop = CountingLoop()
    yield loop
    loop.close()


def put_all(inbox: Inbox[int], items: range) -> None:
    thread = threading.Thread(target=put_each, args=(inbox, items))
    thread.start()
    thread.join()


def put_each(inbox: Inbox[int], items: range) -> None:
    for item in items:
        inbox.put(item)


def until(loop: asyncio.AbstractEventLoop, is_done: Callable[[], bool]) -> None:
    async def wait() -> None:
        while not is_done():
            await asyncio.sleep(0)

    loop.run_until_complete(asyncio.wait_for(wait(), 30))


def test_what_has_come_is_taken_in_order_with_one_wake_up(loop: CountingLoop) -> None:
    taken: list[int] = []
    put_all(Inbox(loop, taken.append), range(100))
    assert loop.num_woken == 1
    until(loop, lambda: len(taken) == 100)
    assert taken == list(range(100))


def test_nothing_is_lost_while_the_loop_takes(loop: CountingLoop) -> None:
    taken: list[int] = []
    inbox = Inbox(loop, taken.append)
    thread = threading.Thread(target=put_each, args=(inbox, range(20_000)))
    thread.start()
    until(loop, lambda: len(taken) == 20_000)
    thread.join()
    assert taken == list(range(20_000))


def test_one_that_fails_keeps_none_of_the_others(loop: CountingLoop) -> None:
    taken: list[int] = []
    heard: list[str] = []

    def take(item: int) -> None:
        if item == 3:
            raise ValueError(item)
        taken.append(item)

    loop.set_exception_handler(lambda _, context: heard.append(repr(context["exception"])))
    put_all(Inbox(loop, take), range(6))
    until(loop, lambda: len(taken) == 5)
    assert (taken, heard) == ([0, 1, 2, 4, 5], ["ValueError(3)"])


def test_what_comes_meanwhile_waits_for_the_next_turn(loop: CountingLoop) -> None:
    """Or a flood from one worker would keep the loop from all others."""
    taken: list[int] = []

    def take(item: int) -> None:
        taken.append(item)
        if item < 100:
            inbox.put(item + 1)

    inbox = Inbox(loop, take)
    inbox.put(0)
    loop.call_soon_threadsafe(lambda: taken.append(-1))
    until(loop, lambda: len(taken) == 102)
    assert taken.index(-1) == 1


def test_a_closed_loop_takes_nothing_more() -> None:
    loop = CountingLoop()
    taken: list[int] = []
    inbox = Inbox(loop, taken.append)
    loop.close()
    inbox.put(1)
    assert not taken
