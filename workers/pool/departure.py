"""Why a process leaves as soon as it has done what it was started for; "" while it stays.

Two may ask for that: another worker that needs the memory, and somebody who says "sleep" while the
model is still loading for those who wait. What it was started for are the requests that waited then:
later ones wait for its next turn, so it leaves within a bound however many come.
"""

from __future__ import annotations

from dataclasses import dataclass

from .pending import PendingRequest


@dataclass(slots=True)
class Departure:
    """Of one worker's process, from its start to its exit."""

    why: str = ""
    """For people: "making room for Whisper", "going to sleep"."""
    is_requested: bool = False
    """Somebody said so; then a pin does not keep it."""
    _last_to_serve: int = 0
    """The turn of the last request that waited when the process was started."""

    def __bool__(self) -> bool:
        return bool(self.why)

    def begin(self, last_turn: int) -> None:
        """A process is started for everybody up to this turn."""
        self.why, self.is_requested, self._last_to_serve = "", False, last_turn

    def ask(self, why: str, *, is_requested: bool = False) -> None:
        """Let it leave when it can."""
        self.why, self.is_requested = why, is_requested or self.is_requested

    def forget(self) -> None:
        """It stays, or it has gone."""
        self.why, self.is_requested = "", False

    def must_serve_first(self, first: PendingRequest | None) -> bool:
        """Whether whoever is next was waiting when the process was started."""
        return first is not None and first.turn <= self._last_to_serve
