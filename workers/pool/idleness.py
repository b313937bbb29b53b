"""How long nobody has used a worker, and when that ends its process."""

from __future__ import annotations

import math

from workers.messages import Request

from .world import World


class Idleness:
    """Of one worker. A request may say how long its model stays after it; that lasts until another does."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._keep_s: float | None = None
        self.last_used = world.now
        """By the loop's clock."""

    def begin(self) -> None:
        """Note that a process starts, of which nobody has said anything yet."""
        self._keep_s = None
        self.use()

    def use(self) -> None:
        """Note that it is used now."""
        self.last_used = self._world.now

    def end(self, request: Request) -> None:
        """Note the end of a request, and what it says about the time after it."""
        self.use()
        if request.keep_s is not None:
            self._keep_s = request.keep_s

    @property
    def leaves_at(self) -> float | None:
        """When it goes to sleep unless it is used before; None: it stays."""
        default_s = self._world.limits.idle_ttl_s or math.inf
        keep_s = default_s if self._keep_s is None else self._keep_s
        return None if math.isinf(keep_s) else self.last_used + keep_s

    def is_due(self, now: float) -> bool:
        """Whether it has been unused for long enough."""
        return self.leaves_at is not None and now >= self.leaves_at
