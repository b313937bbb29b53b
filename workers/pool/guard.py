"""What may fail without ending what comes after it: each step on its own, each fault told of.

Supervision is made of callbacks and of steps in a row. One that raises must not take the others with
it, and one that raises twice a second must not fill the disk with its traceback.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

log = logging.getLogger("quintet.pool")

QUIET_S = 60.0
"""So long after a fault was told of, the same one is only counted."""


@dataclass(slots=True, kw_only=True)
class _Fault:
    logged: float
    num_untold: int = 0


def in_words(err: Exception) -> str:
    """Return what an exception says, for people; its kind if it says nothing."""
    return str(err) or type(err).__name__


class Guard:
    """Runs steps that may fail; may be used from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds that never go back."""
        self._clock = clock
        self._faults: dict[tuple[str, str], _Fault] = {}

    @property
    def faults(self) -> list[tuple[str, str]]:
        """What was met so far, as step and kind."""
        return list(self._faults)

    def run(self, step: str, call: Callable[..., object], *args: object) -> Exception | None:
        """Run one step; return what it raised, which is logged. None: it went well.

        `step` names it in the log, and is one of few.
        """
        try:
            call(*args)
        except Exception as err:  # noqa: BLE001 — whatever it is, the next step must run
            self.tell(step, err)
            return err
        return None

    def tell(self, step: str, err: BaseException) -> None:
        """Log a fault; the same kind in the same step at most once a minute."""
        now = self._clock()
        key = (step, type(err).__name__)
        fault = self._faults.get(key)
        if fault is not None and now - fault.logged < QUIET_S:
            fault.num_untold += 1
            return
        again = f" (and {fault.num_untold} times since it was told of)" if fault else ""
        self._faults[key] = _Fault(logged=now)
        log.error("the pool goes on after a fault in %s%s: %r", step, again, err, exc_info=err)

    def on_loop_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Hear of a callback that raised; for `loop.set_exception_handler`."""
        err = context.get("exception")
        if err is None:
            loop.default_exception_handler(context)
        else:
            self.tell("a callback", err)
