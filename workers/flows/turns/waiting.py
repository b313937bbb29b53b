"""An answer that begins when the one before it has ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

from workers.messages import Event, Finished, Queued, new_request_id

from .turn import Turn

REASON = "waits for the answer above"


async def after(before: Turn, turn: Turn) -> AsyncGenerator[Event, None]:
    """Say that `turn` waits, until `before` has ended; stopped meanwhile, it is Finished."""
    request_id = new_request_id()
    yield Queued(request_id=request_id, num_ahead=1, reason=REASON)
    is_stopped, loop = asyncio.Event(), asyncio.get_running_loop()

    def stop(_: str) -> None:
        loop.call_soon_threadsafe(is_stopped.set)

    turn.switch.watch(request_id, stop)
    waits = [asyncio.create_task(before.wait()), asyncio.create_task(is_stopped.wait())]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        turn.switch.forget(request_id)
        for wait in waits:
            wait.cancel()
            with suppress(asyncio.CancelledError):
                await wait
    if turn.switch.is_pressed:
        yield Finished(request_id=request_id, reason="cancelled")
