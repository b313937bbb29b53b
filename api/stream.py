"""A request whose client may leave: leaving cancels the work, streaming or not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import aclosing
from typing import Any, TypeVar

import fastapi

from workers.client import Client
from workers.errors import AppError
from workers.messages import Event, Progress, Queued, Request, Started

T = TypeVar("T")
LOOK_EVERY_S = 0.1
"""How often a connection is asked whether it is still there while nothing is sent."""


class ClientGoneError(AppError):
    """The client left before the answer was ready; nobody reads this."""

    code = "client_gone"


async def collect(
    client: Client, request: Request, connection: fastapi.Request
) -> tuple[Event, ...]:
    """Return all events of a request; cancel it when the client leaves.

    Raises: AppError; ClientGoneError if the client has left.
    """
    return await while_connected(client.arun(request), connection)


async def while_connected(coroutine: Coroutine[Any, Any, T], connection: fastapi.Request) -> T:
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


async def peeked(client: Client, request: Request) -> AsyncIterator[Event]:
    """Return the request's events once the first piece of the answer is there.

    So that a refusal is still an HTTP status: nothing has been sent when it is raised.
    """
    events = client.astream(request)
    kept: list[Event] = []
    async for event in events:
        kept.append(event)
        if not _is_waiting(event):
            break

    async def replay() -> AsyncIterator[Event]:
        async with aclosing(events):
            for event in kept:
                yield event
            async for event in events:
                yield event

    return replay()


def _is_waiting(event: Event) -> bool:
    return isinstance(event, (Queued, Started, Progress))
