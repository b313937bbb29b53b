"""How far a download is: bytes, speed, and a sentence for people."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from workers.messages.amounts import done_words, fine_size_words

REPORT_EVERY_S = 0.25
SPEED_WINDOW_S = 5.0

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadProgress:
    """One look at a download."""

    what: str
    """For people: "downloading Qwen2.5 0.5B", "checking model.bin"."""
    done_bytes: int
    total_bytes: int | None
    """None: the server does not say."""
    speed_bytes_s: float = 0.0
    """Over the last seconds; 0 while nothing comes."""

    @property
    def fraction(self) -> float | None:
        """0 to 1; None where the total is not known."""
        if self.total_bytes is None:
            return None
        return min(self.done_bytes / self.total_bytes, 1.0) if self.total_bytes else 1.0

    def __str__(self) -> str:
        speed = f", {fine_size_words(self.speed_bytes_s)}/s" if self.speed_bytes_s else ""
        return f"{self.what}: {done_words(self.done_bytes, self.total_bytes)}{speed}"


OnProgress = Callable[[DownloadProgress], None]
IsCancelled = Callable[[], bool]


class Meter:
    """Adds up the files of one download, and tells about it now and then."""

    def __init__(self, what: str, total_bytes: int | None, on_progress: OnProgress) -> None:
        self._what = what
        self._total = total_bytes
        self._on_progress = on_progress
        self._positions: dict[str, int] = {}
        self._seen: deque[tuple[float, int]] = deque()
        self._last_report = 0.0

    @property
    def done_bytes(self) -> int:
        """Of all files together."""
        return sum(self._positions.values())

    def start(self, name: str, position: int) -> None:
        """Say what there is of a file already: it counts as done, but not as speed."""
        self._positions[name] = position
        self._seen.clear()

    def move(self, name: str, position: int) -> None:
        """Say how far a file is, in bytes."""
        self._positions[name] = position
        now = time.monotonic()
        if now - self._last_report >= REPORT_EVERY_S:
            self._report(self._what, now)

    def say(self, what: str) -> None:
        """Tell at once what is being done."""
        self._report(what, time.monotonic())

    def finish(self) -> None:
        """Tell that everything is there."""
        self._report(self._what, time.monotonic())

    def _report(self, what: str, now: float) -> None:
        self._last_report = now
        self._seen.append((now, self.done_bytes))
        while now - self._seen[0][0] > SPEED_WINDOW_S and len(self._seen) > 2:
            self._seen.popleft()
        (first, before), (last, after) = self._seen[0], self._seen[-1]
        self._on_progress(
            DownloadProgress(
                what=what,
                done_bytes=after,
                total_bytes=self._total,
                speed_bytes_s=(after - before) / (last - first) if last > first else 0.0,
            )
        )
