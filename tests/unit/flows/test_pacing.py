"""Pacing: batches, order, errors, and walking away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from workers.flows.pacing import paced
from workers.messages import Event, Finished, TextDelta
from workers.messages.errors import UnsupportedInputError


def delta(number: int) -> TextDelta:
    return TextDelta(request_id="r", text=str(number))


async def numbers(count: int, error: Exception | None = None) -> AsyncIterator[Event]:
    for number in range(count):
        yield delta(number)
        await asyncio.sleep(0)
    if error is not None:
        raise error
    yield Finished(request_id="r")


async def test_nothing_is_lost_and_updates_are_few() -> None:
    batches = [batch async for batch in paced(numbers(500), every_s=0.02)]
    events = [event for batch in batches for event in batch]
    assert [e.text for e in events if isinstance(e, TextDelta)] == [str(n) for n in range(500)]
    assert isinstance(events[-1], Finished)
    assert len(batches) < 100


async def test_an_error_comes_after_the_events_before_it() -> None:
    seen: list[Event] = []

    async def read() -> None:
        async for batch in paced(numbers(3, UnsupportedInputError("no")), every_s=0.001):
            seen.extend(batch)

    with pytest.raises(UnsupportedInputError):
        await read()
    assert len(seen) == 3


async def test_closing_closes_the_source() -> None:
    closed = asyncio.Event()

    async def endless() -> AsyncIterator[Event]:
        try:
            while True:
                yield delta(0)
                await asyncio.sleep(0.001)
        finally:
            closed.set()

    async with aclosing(paced(endless(), every_s=0.001)) as batches:
        async for _ in batches:
            break
    await asyncio.wait_for(closed.wait(), 2)
