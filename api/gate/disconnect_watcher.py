"""Whether the client is still there, asked all the time: when it leaves, its work is cancelled.

A server tells that a connection has closed only to who reads from it, and a route that waits for a
worker does not read. So this reads ahead of the application, a few blocks of the body at most, and
cancels it when the connection ends before the answer does: while it waits for its turn, works, or
streams, in every route alike.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from starlette.types import Message, Receive, Send

BLOCKS_AHEAD = 4
"""Of the body, each at most the server's buffer (64 KiB)."""
GONE: Message = {"type": "http.disconnect"}


class DisconnectWatcher:
    """One connection: give `receive` and `send_through(send)` to the application."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._ahead: asyncio.Queue[Message] = asyncio.Queue(BLOCKS_AHEAD)
        self._has_left = False
        self._is_answered = False

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[None]:
        """Cancel what runs inside when the client leaves; ends quietly then."""
        with anyio.CancelScope() as work:
            reader = asyncio.create_task(self._read(work))
            try:
                yield
            finally:
                reader.cancel()

    async def receive(self) -> Message:
        """Return the next message of the connection."""
        if self._has_left:
            return GONE
        return await self._ahead.get()

    def send_through(self, send: Send) -> Send:
        """Return `send`, noting when the answer is complete: after that nobody "leaves"."""

        async def noted(message: Message) -> None:
            is_body = message["type"] == "http.response.body"
            self._is_answered |= is_body and not message.get("more_body", False)
            await send(message)

        return noted

    async def _read(self, work: anyio.CancelScope) -> None:
        while not self._has_left:
            message = await self._receive()
            self._has_left = message["type"] == "http.disconnect"
            if not self._has_left:
                await self._ahead.put(message)
            elif not self._is_answered:
                work.cancel()
