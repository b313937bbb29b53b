"""What keeps and writes chats, as a server has it: a store on disk, a pool of real processes, a runner."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

from tests.pool.conftest import MakePool
from workers.chats.own_chats import OwnChats
from workers.chats.store import ChatStore
from workers.client import Client
from workers.flows.turns.runner import TurnRunner
from workers.pool.pool import Pool

SLOTS = 3


class Server:
    """One that can be closed in good order, or fall."""

    def __init__(self, make_pool: MakePool, data_dir: Path) -> None:
        self._make_pool, self._data_dir = make_pool, data_dir
        self.open()

    def open(self) -> None:
        """Start it, with what is on the disk."""
        made: tuple[Pool, Client] = self._make_pool(slots=SLOTS)
        self._pool, self.client = made
        self._store = ChatStore(self._data_dir)
        self.runner = TurnRunner(self.client)

    def of(self, owner: str) -> OwnChats:
        return self._store.of(owner)

    async def close(self) -> None:
        """End it as Ctrl-C does."""
        await self.runner.close()
        self._store.close()
        await asyncio.to_thread(self._pool.close)

    async def fall(self) -> None:
        """End it as a power switch does: nothing is written from this moment on."""
        self._store.close()
        self._pool.kill()
        await self.runner.close()
        await asyncio.to_thread(self._pool.close)

    async def kill_worker(self) -> None:
        """Kill the process that writes the answers, if there is one, and wait until that is noticed."""
        pid = self._pid()
        if pid is None:
            return
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        while self._pid() == pid:
            await asyncio.sleep(0.01)

    def _pid(self) -> int | None:
        return next(one.pid for one in self._pool.status().workers if one.modality == "text")
