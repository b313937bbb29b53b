"""Serving until told to stop, and stopping so that nobody is left without an answer.

    signal ──► new work is refused (503, Retry-After)
           ──► what runs may end, for `drain_s`
           ──► answers of chats end as they stand, and programs of tools
           ──► the pool closes: what still runs ends with the reason, in its dialect's words
           ──► connections close, workers are gone, exit status 0

A second signal ends the waiting: workers are killed, and the exit status names the signal. uvicorn by
itself would cut the streams, and raise the signal again before anybody could clean up.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from types import FrameType
from typing import TypeAlias, cast

import uvicorn
from fastapi import FastAPI

from configs.server_settings import ServerSettings
from workers.pool.pool import Pool

from .connections import GuardedProtocol
from .drain import Drain

log = logging.getLogger("quintet")

POLL_S = 0.05
EndWork: TypeAlias = Callable[[], Awaitable[None]]
END_WORK_S = 10.0
"""How long answers and programs of tools may take to end: a program gets 4 s before it is killed."""
LAST_WORDS_S = 2.0
"""How long a client may take to read how its stream ended."""
CLOSE_S = 1
"""How long connections may take to close."""
LEAVE_S = 5.0
"""How long threads may keep the process from ending after everything is closed."""


def serve_until_stopped(
    api: FastAPI,
    pool: Pool,
    server: ServerSettings,
    listeners: list[socket.socket],
    end_work: EndWork,
) -> None:
    """Serve on all sockets until SIGTERM or Ctrl-C; then `end_work` ends what the pool knows nothing of.

    The pool is closed after that. `api` comes from `api.app.create_api`. Raises: SystemExit after a
    second signal.
    """
    config = uvicorn.Config(
        api,
        http=cast("type[asyncio.Protocol]", partial(GuardedProtocol, limits=server.connections)),
        h11_max_incomplete_event_size=server.connections.max_header_bytes,
        log_level="warning",
        timeout_graceful_shutdown=CLOSE_S,
    )
    logging.getLogger("uvicorn.error").addFilter(_is_worth_saying)
    running = QuintetServer(config, api.state.drain, pool, server.drain_s, end_work)
    running.run(sockets=listeners)
    if running.last_signal is not None:
        _leave_soon()
    if running.is_forced and running.last_signal is not None:
        raise SystemExit(128 + running.last_signal)


class QuintetServer(uvicorn.Server):
    """uvicorn's, with an end in good order."""

    def __init__(
        self, config: uvicorn.Config, drain: Drain, pool: Pool, drain_s: float, end_work: EndWork
    ) -> None:
        super().__init__(config)
        self.last_signal: int | None = None
        self.is_forced = False
        """Whether a second signal came; uvicorn's `force_exit` would skip the application's end."""
        self._drain = drain
        self._pool = pool
        self._drain_s = drain_s
        self._end_work = end_work

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end, or end at once. Not noted for uvicorn, which would raise it again."""
        self.last_signal = sig
        if self._drain.has_begun:
            self.is_forced = True
        self._drain.begin()

    async def on_tick(self, counter: int) -> bool:
        """Return whether it is time to end."""
        return await super().on_tick(counter) or self._drain.has_begun

    async def main_loop(self) -> None:
        """Serve, then see what runs to its end, the listeners still open to say no."""
        await super().main_loop()
        self._drain.begin()
        log.info("stopping: %d requests may take %g s", self._drain.num_running, self._drain_s)
        await self._until(self._is_done, self._drain_s)
        await self._close_work()
        await self._close_pool()
        await self._until(self._is_done, LAST_WORDS_S)

    def _is_done(self) -> bool:
        return self._drain.num_running == 0 or self.is_forced

    async def _close_work(self) -> None:
        """End it in good order, or without that after a second signal or too long a time."""
        ending = asyncio.ensure_future(self._end_work())
        await self._until(lambda: ending.done() or self.is_forced, END_WORK_S)
        if not ending.done():
            ending.cancel()
        elif (error := ending.exception()) is not None:
            log.error("what ran could not be ended in good order", exc_info=error)

    async def _close_pool(self) -> None:
        """End what still runs, and every worker; after a second signal without giving them time."""
        closing = asyncio.ensure_future(asyncio.to_thread(self._pool.close))
        while not closing.done():
            if self.is_forced:
                self._pool.kill()
            await asyncio.wait({closing}, timeout=POLL_S)
        if (error := closing.exception()) is not None:
            log.error("the workers could not be stopped in good order", exc_info=error)

    @staticmethod
    async def _until(is_done: Callable[[], bool], timeout_s: float) -> None:
        loop = asyncio.get_running_loop()
        give_up = loop.time() + timeout_s
        while not is_done() and loop.time() < give_up:
            await asyncio.sleep(POLL_S)


def _is_worth_saying(record: logging.LogRecord) -> bool:
    """Not what uvicorn cuts at the end: looks of open pages; what answers somebody was waited for."""
    return not str(record.msg).startswith("Cancel %s running task(s)")


def _leave_soon() -> None:
    """End the process even if a thread hangs, in a library or a download: nobody waits for it."""
    timer = threading.Timer(LEAVE_S, os._exit, [0])
    timer.daemon = True
    timer.start()
