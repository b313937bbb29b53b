"""Whether a process goes on, or hangs.

Three things speak for it, and each has a time-out of its own:

- **Progress**: an event of a request, a step of loading, a `CancelToken.progressed`, and what it reads
  from a disk while a large model comes into memory. Without it, a process that does nothing either is
  given up after `stall_timeout_s`.
- **Work**: time on the processor. One step of a large model on a slow machine may take minutes, so a
  process that computes without progress is given up only after `spin_timeout_s`.
- **An answer to Ping**, which comes from a thread that a working engine does not stop. Libraries that are
  loaded can hold it up, so that it may be missing for as long as such a process works.

A process that has nothing to do owes answers only. Pure: the caller says what time it is and what the
system says (`workers.pool.vitals`).
"""

from __future__ import annotations

from collections.abc import Callable

from .pending import PoolLimits
from .vitals import Vitals

MIN_LOAD = 0.01
"""Share of one core from which a process is said to compute; threads that only poll take less."""
MIN_READ_BYTES = 1 << 20
"""Between two looks, from which it is said to read."""
ABSENCE_S = 10.0
"""Looked at after so long, the one who looks was away (stopped, or on a machine that hung)."""


class Watch:
    """Watches one process; times in seconds of one monotonic clock."""

    def __init__(
        self, limits: PoolLimits, read_vitals: Callable[[], Vitals | None], now: float
    ) -> None:
        self._limits = limits
        self._read_vitals = read_vitals
        self._vitals: Vitals | None = None
        self._progress = self._work = self._answer = now
        self._looked = self._measured = now

    def note_progress(self, at: float) -> None:
        """It came further, or was given something to do."""
        self._progress = max(self._progress, at)

    def note_answer(self, now: float) -> None:
        """It answered a Ping."""
        self._answer = now

    def hang_reason(self, now: float, *, is_loading: bool, num_running: int) -> str:
        """Return why the process is to be given up, for people, after "ended after"; "": it is not."""
        self._forget_absence(now)
        owes_progress = is_loading or num_running > 0
        silence_s = now - self._answer
        self._measure(now, since=self._progress if owes_progress else self._answer)
        if silence_s > self._limits.ping_timeout_s and not (is_loading and self._is_working(now)):
            return f"{silence_s:.0f} s without a sign of life"
        without_s = now - self._progress
        if not owes_progress or without_s <= self._limits.stall_timeout_s:
            return ""
        if without_s > self._limits.spin_timeout_s:
            return f"{without_s:.0f} s of work without progress"
        if now - self._work > self._limits.stall_timeout_s:
            return f"{without_s:.0f} s without progress"
        return ""

    def _is_working(self, now: float) -> bool:
        return now - max(self._work, self._progress) <= self._limits.ping_timeout_s

    def _forget_absence(self, now: float) -> None:
        """Do not hold against it what was said while nobody listened."""
        if (away_s := now - self._looked) > ABSENCE_S:
            self._progress = min(now, self._progress + away_s)
            self._work = min(now, self._work + away_s)
            self._answer = min(now, self._answer + away_s)
        self._looked = now

    def _measure(self, now: float, since: float) -> None:
        """See what it does, once nothing has been heard of it for a while."""
        pause_s = self._limits.ping_every_s
        if now - since < pause_s or now - self._measured < pause_s:
            return
        before, self._vitals = self._vitals, self._read_vitals()
        elapsed_s, self._measured = now - self._measured, now
        if before is None or self._vitals is None:
            return
        if self._vitals.cpu_s - before.cpu_s >= MIN_LOAD * elapsed_s:
            self._work = now
        if self._vitals.read_bytes - before.read_bytes >= MIN_READ_BYTES:
            self._work = self._progress = now
