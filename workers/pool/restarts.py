"""When a process that died may be started again: at once, then after pauses that double, then not.

Only a model that dies by itself, while it loads or before it was asked anything, is left alone after too
many deaths: nobody can be served. What dies at work may have been killed by the request, so it comes
again for the others (see `suspects` for the request). Pure: the caller says what time it is.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

MAX_PAUSE_S = 5.0
"""However often it died, somebody else may be waiting for it."""


@dataclass(slots=True, kw_only=True)
class Restarts:
    """The recent deaths of one model's process; times in seconds of one monotonic clock."""

    pause_s: float
    """Pause before the second restart; it doubles with each further one. The first is at once."""
    max_deaths: int
    """Deaths by itself within `window_s` after which it is left alone."""
    window_s: float
    """Deaths older than this are forgotten."""
    recent: deque[float] = field(default_factory=deque)
    """All deaths that are not forgotten."""
    deaths: deque[float] = field(default_factory=deque)
    """Those by itself among them."""
    num_deaths: int = 0
    """All deaths ever."""
    reason: str = ""
    """Why it died the last time, for people."""
    max_stuck_loads: int = 2
    """Loads in a row that hang, after which it is not tried again by itself."""
    num_stuck_loads: int = 0
    """Loads that hung since the last one that did not."""

    def record_death(self, now: float, reason: str = "", *, was_at_work: bool = False) -> None:
        """Remember that the process died unasked; `was_at_work`: requests had been given to it."""
        self.recent.append(now)
        if not was_at_work:
            self.deaths.append(now)
        self.num_deaths += 1
        self.reason = reason

    def record_stuck_load(self) -> bool:
        """Remember that it hung on its way into memory; returns whether that was once too often.

        Such a death takes longer than the window: those who wait would see one after the other.
        """
        self.num_stuck_loads += 1
        if self.num_stuck_loads < self.max_stuck_loads:
            return False
        self.num_stuck_loads = 0  # who asks again has it tried again
        return True

    def is_exhausted(self, now: float) -> bool:
        """Whether it has died too often lately to be tried again."""
        for deaths in (self.recent, self.deaths):
            while deaths and deaths[0] < now - self.window_s:
                deaths.popleft()
        return len(self.deaths) >= self.max_deaths

    def next_pause_s(self) -> float:
        """Return how long to wait before the next start."""
        doublings = len(self.recent) - 2
        if doublings < 0:
            return 0.0
        pause_s: float = self.pause_s * 2 ** min(doublings, 30)
        return min(pause_s, max(self.pause_s, MAX_PAUSE_S))
