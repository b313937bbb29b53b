"""What the parts of the pool share: the loop with its clock, patience, how processes are started."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from configs.catalogue import ModelCard
from workers.engines.main import Birth
from workers.messages import Request
from workers.pool.memory.placement import Placement

from .child import Child
from .guard import Guard
from .job import Patience

BirthOf = Callable[[ModelCard, Placement], Birth]
"""How the process that holds a card's model is born, and where its weights go.

Raises: AppError on a card that is not right.
"""


class Hold(Protocol):
    """The parent's hold on one process: see `workers.pool.child.Child`."""

    @property
    def pid(self) -> int | None:
        """Process id."""

    def send(self, request: Request) -> None:
        """Give the process one request to work on."""

    def control(self, message: object) -> None:
        """Tell the process something it hears even while it works."""

    def shut_down(self) -> None:
        """Ask the process to cancel what runs and to exit."""

    def kill(self) -> None:
        """End the process at once."""


Start = Callable[[Birth, Callable[[object], None], Callable[[str], None]], Hold]
"""Start a process; its messages go to the second, its exit, with the reason, to the third.

Raises: OSError if it cannot be started.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One for each pool."""

    loop: asyncio.AbstractEventLoop
    patience: Patience
    birth_of: BirthOf
    start: Start = Child
    guard: Guard = field(default_factory=Guard)

    @property
    def now(self) -> float:
        """Seconds by the loop's clock, which is `time.monotonic()`. From any thread."""
        return self.loop.time()
