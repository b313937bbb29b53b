"""From a stream of events to at most 25 page updates a second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from workers.messages import Event


async def paced(
    events: AsyncIterator[Event], every_s: float = 0.04
) -> AsyncGenerator[list[Event], None]:
    """Yield the events in batches, the first at once, then one batch per `every_s` at most.

    Closing it closes `events`, which cancels the request. Raises what `events` raises, after the
    events that came before.
    """
    inbox: asyncio.Queue[Event | BaseException | None] = asyncio.Queue()

    async def pump() -> None:
        try:
            async for event in events:
                inbox.put_nowait(event)
            inbox.put_nowait(None)
        except Exception as err:  # noqa: BLE001 — carried over to the reader, who raises it
            inbox.put_nowait(err)

    task = asyncio.create_task(pump())
    try:
        end: Event | BaseException | None
        is_open = True
        while is_open:
            batch: list[Event] = []
            end = await inbox.get()
            while isinstance(end, Event):
                batch.append(end)
                if inbox.empty():
                    break
                end = inbox.get_nowait()
            is_open = isinstance(end, Event)
            if batch:
                yield batch
            if isinstance(end, BaseException):
                raise end
            if is_open:
                await asyncio.sleep(every_s)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
