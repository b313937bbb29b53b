"""Events on their way to a client that may leave: leaving cancels the work, streaming or not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Sequence
from contextlib import aclosing
from typing import Any, TypeVar

import fastapi

from workers.client import Client
from workers.messages import Event, Progress, Queued, Request, Started
from workers.messages.errors import AppError

LOOK_EVERY_S = 0.1
"""How often a connection is asked whether it is still there while nothing is sent."""

Item = TypeVar("Item")


class ClientGoneError(AppError):
    """The client left before the answer was ready; nobody reads this."""

    code = "client_gone"


async def collect(
    client: Client, request: Request, connection: fastapi.Request
) -> tuple[Event, ...]:
    """Return all events of a request; cancel it when the client leaves.

    Raises: AppError; ClientGoneError if the client has left.
    """
    return await collected(client.astream(request), connection)


async def collected(
    events: AsyncGenerator[Item, None], connection: fastapi.Request
) -> tuple[Item, ...]:
    """Return everything that a generator yields; close it when the client leaves.

    Raises: what the generator raises; ClientGoneError if the client has left.
    """
    return await while_connected(_all_of(events), connection)


async def while_connected(
    coroutine: Coroutine[Any, Any, Item], connection: fastapi.Request
) -> Item:
    """Return what the coroutine returns; cancel it when the client leaves.

    Raises: what it raises; ClientGoneError if the client has left.
    """
    work = asyncio.create_task(coroutine)
    try:
        while not work.done():
            await asyncio.wait({work}, timeout=LOOK_EVERY_S)
            if await connection.is_disconnected():
                raise ClientGoneError("The client has gone.")
        return work.result()
    finally:
        work.cancel()


async def _all_of(events: AsyncGenerator[Item, None]) -> tuple[Item, ...]:
    async with aclosing(events):
        return tuple([event async for event in events])


async def await_first_event(client: Client, request: Request) -> AsyncIterator[Event]:
    """Return the request's events once the first piece of the answer is there.

    So that a refusal is still an HTTP status: nothing has been sent when it is raised.
    """
    return await await_first_item(client.astream(request), lambda event: event)


async def await_first_item(
    items: AsyncGenerator[Item, None], event_of: Callable[[Item], Event]
) -> AsyncGenerator[Item, None]:
    """Return the same items once one of them holds the first piece of the answer."""
    kept: list[Item] = []
    async for item in items:
        kept.append(item)
        if not _is_waiting(event_of(item)):
            break

    async def replay() -> AsyncGenerator[Item, None]:
        async with aclosing(items):
            for item in kept:
                yield item
            async for item in items:
                yield item

    return replay()


async def merge(
    sources: Sequence[AsyncGenerator[Event, None]],
) -> AsyncGenerator[tuple[int, Event], None]:
    """Yield (which source, event) from several at once, as they come; closing it closes them all.

    Raises: the first error of any of them.
    """
    if len(sources) == 1:  # the usual case needs no queue and no task
        async with aclosing(sources[0]) as events:
            async for event in events:
                yield 0, event
        return
    arrivals: asyncio.Queue[tuple[int, Event | Exception | None]] = asyncio.Queue()
    tasks = [
        asyncio.create_task(_forward(index, source, arrivals))
        for index, source in enumerate(sources)
    ]
    try:
        num_open = len(tasks)
        while num_open:
            index, arrived = await arrivals.get()
            if arrived is None:
                num_open -= 1
            elif isinstance(arrived, Exception):
                raise arrived
            else:
                yield index, arrived
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def in_turn(
    sources: Sequence[AsyncGenerator[Event, None]],
) -> AsyncGenerator[tuple[int, Event], None]:
    """Yield (which source, event) from several, each begun when the one before it has ended.

    Raises: the first error of any of them.
    """
    for index, source in enumerate(sources):
        async with aclosing(source) as events:
            async for event in events:
                yield index, event


async def _forward(
    index: int,
    source: AsyncGenerator[Event, None],
    arrivals: asyncio.Queue[tuple[int, Event | Exception | None]],
) -> None:
    """Put a source's events into the common queue, then None; an error instead of None."""
    try:
        async with aclosing(source):
            async for event in source:
                arrivals.put_nowait((index, event))
        arrivals.put_nowait((index, None))
    except Exception as err:  # noqa: BLE001 — carried over to the reader, who raises it
        arrivals.put_nowait((index, err))


def _is_waiting(event: Event) -> bool:
    return isinstance(event, (Queued, Started, Progress))
