"""What the parts of one pool share: the loop with its clock, patience, how processes are born."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from configs.catalogue import ModelCard
from workers.messages.process_spec import Birth
from workers.pool.memory.placement import Placement

from .guard import Guard
from .host import Host
from .job import Patience

BirthOf = Callable[[ModelCard, Placement], Birth]
"""How the process that holds a card's model is born, and where its weights go.

Raises: AppError on a card that is not right.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One for each pool."""

    loop: asyncio.AbstractEventLoop
    patience: Patience
    birth_of: BirthOf
    host: Host
    guard: Guard = field(default_factory=Guard)

    @property
    def now(self) -> float:
        """Seconds by the loop's clock, which is `time.monotonic()`. From any thread."""
        return self.loop.time()
