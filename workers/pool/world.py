"""What the parts of one pool share: the loop with its clock, limits, how processes are started."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from configs.catalogue import ModelCard
from workers.messages import Finished, Request
from workers.messages.process_spec import ProcessSpec
from workers.pool.memory.placement import Placement

from .guard import Guard
from .host import Host
from .pending import PoolLimits
from .vitals import Vitals

T = TypeVar("T")

SpecOf = Callable[[ModelCard, Placement], ProcessSpec]
"""How the process that holds a card's model is started, and where its weights go. Called in threads.

Raises: AppError on a card that is not right.
"""


@dataclass(slots=True, kw_only=True)
class World:
    """One for each pool."""

    loop: asyncio.AbstractEventLoop
    limits: PoolLimits
    spec_of: SpecOf
    host: Host
    guard: Guard = field(default_factory=Guard)
    note_speed: Callable[[ModelCard, Placement, Request, Finished], None] = lambda *_: None
    """Told of each request that had its worker for itself."""
    read_vitals: Callable[[int | None], Vitals | None] = lambda pid: None
    """What was seen last of a process that is asked about; None: nothing yet."""

    @property
    def now(self) -> float:
        """Seconds by the loop's clock, which is `time.monotonic()`. From any thread."""
        return self.loop.time()

    def aside(
        self, name: str, work: Callable[[], T], then: Callable[[T | Exception], None]
    ) -> None:
        """Do in a thread what may take long: reading files, starting programs, asking the system.

        `then` is called on the loop with what `work` returned or raised, after this has returned.
        """

        def run() -> None:
            outcome: T | Exception
            try:
                outcome = work()
            except Exception as err:  # noqa: BLE001 — `then` says what comes of it
                outcome = err
            with contextlib.suppress(RuntimeError):  # the loop has closed meanwhile
                self.loop.call_soon_threadsafe(then, outcome)

        try:
            self.host.in_thread(name, run)
        except (RuntimeError, MemoryError) as err:  # no more threads can be had
            self.loop.call_soon(then, err)
