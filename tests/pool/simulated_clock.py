"""An event loop whose clock jumps to the next timer, so that hours pass in no time."""

from __future__ import annotations

import asyncio
import selectors


class _NoTime(selectors.SelectSelector):
    """Instead of waiting, lets the clock jump."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing will ever happen"
        self.now += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs timers as soon as nothing else is to do."""

    def __init__(self) -> None:
        self._jumping = _NoTime()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    call_soon_threadsafe = asyncio.SelectorEventLoop.call_soon  # there is one thread

    def run_for(self, duration_s: float) -> None:
        """Let so much time pass."""
        self.call_later(duration_s, self.stop)
        self.run_forever()
