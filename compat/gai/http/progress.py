"""How far the indexing is, told to every open WebSocket as `{"status": 0..100}`."""

from __future__ import annotations

import asyncio
import contextlib
import json

import anyio
from starlette.websockets import WebSocket, WebSocketDisconnect

from workers.messages import DocumentIndexed, Event, Progress

OUTBOX = 256
"""Messages that wait for a slow listener; further numbers are left out for it."""
ECHO_CHARS = 100
READING_PERCENT = 20
"""Share of the work that reading the pages is said to be; the rest is embedding."""


class Listeners:
    """The open sockets; used on one event loop."""

    def __init__(self) -> None:
        self._outboxes: set[asyncio.Queue[str]] = set()

    async def serve(self, socket: WebSocket) -> None:
        """Answer one socket until it closes: an acknowledgement for each text, and the numbers."""
        await socket.accept()
        outbox: asyncio.Queue[str] = asyncio.Queue(OUTBOX)
        self._outboxes.add(outbox)
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_send, socket, outbox, tasks.cancel_scope)
                while (message := await socket.receive())["type"] != "websocket.disconnect":
                    text = message.get("text") or ""
                    await outbox.put(f"Received: {text[:ECHO_CHARS]}")
                tasks.cancel_scope.cancel()
        finally:
            self._outboxes.discard(outbox)

    def tell(self, percent: int) -> None:
        """Put a number into every outbox."""
        for outbox in self._outboxes:
            with contextlib.suppress(asyncio.QueueFull):
                outbox.put_nowait(json.dumps({"status": percent}))


async def _send(socket: WebSocket, outbox: asyncio.Queue[str], scope: anyio.CancelScope) -> None:
    try:
        while True:
            await socket.send_text(await outbox.get())
    except WebSocketDisconnect:
        scope.cancel()


class Percent:
    """Events of one file's indexing → whole numbers that only rise; 100 once it is searchable."""

    def __init__(self) -> None:
        self._last = -1

    def of(self, event: Event) -> int | None:
        """Return the number that an event raises it to, if it does."""
        percent = _percent(event)
        if percent <= self._last:
            return None
        self._last = percent
        return percent


def _percent(event: Event) -> int:
    if isinstance(event, DocumentIndexed):
        return 100 if event.status == "added" else 0
    if not isinstance(event, Progress) or not event.total:
        return 0
    share = event.done / event.total
    if event.unit == "scans":
        return int(READING_PERCENT * share / 2)
    if event.unit == "chunks":
        return min(99, int(READING_PERCENT + (100 - READING_PERCENT) * share))
    return int(READING_PERCENT * share)
