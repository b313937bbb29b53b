"""The requests that wait for one worker, in the order in which they came.

Knows requests, not processes; belongs to the pool's event loop.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from configs.catalogue import ModelCard
from workers.messages import Queued

from .pending import PendingRequest

SayReason = Callable[[PendingRequest, int, int], str]
"""From a pending request, its place (0 is next) and the changes of model before its turn to why it waits."""


class RequestQueue:
    """First come, first served."""

    def __init__(self) -> None:
        self._pending: deque[PendingRequest] = deque()
        self.last_turn = 0
        """The number of the one who came last, also when that one has left."""

    def __len__(self) -> int:
        return len(self._pending)

    @property
    def first(self) -> PendingRequest | None:
        """Who came first; None if nobody waits."""
        return self._pending[0] if self._pending else None

    @property
    def cards(self) -> list[ModelCard]:
        """The model that each wants, in order."""
        return [pending.card for pending in self._pending]

    def knows(self, request_id: str) -> bool:
        """Whether a request waits here."""
        return any(pending.request_id == request_id for pending in self._pending)

    def append(self, pending: PendingRequest) -> None:
        """Let a request wait behind all others, and number it."""
        self.last_turn += 1
        pending.turn = self.last_turn
        self._pending.append(pending)

    def pop_first(self) -> PendingRequest:
        """Remove and return the request that came first."""
        return self._pending.popleft()

    def remove(self, request_id: str) -> PendingRequest | None:
        """Remove and return a request; None if it does not wait here."""
        for pending in self._pending:
            if pending.request_id == request_id:
                self._pending.remove(pending)
                return pending
        return None

    def take_all(self) -> list[PendingRequest]:
        """Remove and return every request."""
        return self._take(lambda _: True)

    def take_for(self, card: ModelCard) -> list[PendingRequest]:
        """Remove and return the requests for one model."""
        return self._take(lambda pending: pending.card == card)

    def take_if(self, is_wanted: Callable[[PendingRequest], bool]) -> list[PendingRequest]:
        """Remove and return the requests of which something is true."""
        return self._take(is_wanted)

    def take_late(self, now: float) -> list[PendingRequest]:
        """Remove and return the requests that nobody waits for any more."""
        return self._take(lambda pending: pending.is_late(now))

    def announce(self, card: ModelCard, say_reason: SayReason) -> None:
        """Tell each request its place and the reason, if either has changed.

        `card` is the model that the worker holds or wakes.
        """
        num_changes = 0
        for num_ahead, pending in enumerate(self._pending):
            if pending.card != card:
                card, num_changes = pending.card, num_changes + 1
            reason = say_reason(pending, num_ahead, num_changes)
            if pending.announced != (num_ahead, reason):
                pending.announced = (num_ahead, reason)
                pending.deliver(
                    Queued(request_id=pending.request_id, num_ahead=num_ahead, reason=reason)
                )

    def _take(self, is_wanted: Callable[[PendingRequest], bool]) -> list[PendingRequest]:
        taken = [pending for pending in self._pending if is_wanted(pending)]
        if taken:
            self._pending = deque(pending for pending in self._pending if not is_wanted(pending))
        return taken
