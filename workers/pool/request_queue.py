"""The requests that wait for one worker, in the order in which they came.

Knows jobs, not processes; belongs to the pool's event loop.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from configs.catalogue import ModelCard
from workers.messages import Queued

from .pending import PendingRequest

SayReason = Callable[[PendingRequest, int, int], str]
"""From a job, its place (0 is next) and the changes of model before its turn to why it waits."""


class RequestQueue:
    """First come, first served."""

    def __init__(self) -> None:
        self._jobs: deque[PendingRequest] = deque()
        self.last_turn = 0
        """The number of the one who came last, also when that one has left."""

    def __len__(self) -> int:
        return len(self._jobs)

    @property
    def first(self) -> PendingRequest | None:
        """Who came first; None if nobody waits."""
        return self._jobs[0] if self._jobs else None

    @property
    def cards(self) -> list[ModelCard]:
        """The model that each wants, in order."""
        return [job.card for job in self._jobs]

    def knows(self, request_id: str) -> bool:
        """Whether a request waits here."""
        return any(job.request_id == request_id for job in self._jobs)

    def append(self, job: PendingRequest) -> None:
        """Let a request wait behind all others, and number it."""
        self.last_turn += 1
        job.turn = self.last_turn
        self._jobs.append(job)

    def pop_first(self) -> PendingRequest:
        """Remove and return the request that came first."""
        return self._jobs.popleft()

    def remove(self, request_id: str) -> PendingRequest | None:
        """Remove and return a request; None if it does not wait here."""
        for job in self._jobs:
            if job.request_id == request_id:
                self._jobs.remove(job)
                return job
        return None

    def take_all(self) -> list[PendingRequest]:
        """Remove and return every request."""
        return self._take(lambda _: True)

    def take_for(self, card: ModelCard) -> list[PendingRequest]:
        """Remove and return the requests for one model."""
        return self._take(lambda job: job.card == card)

    def take_if(self, is_wanted: Callable[[PendingRequest], bool]) -> list[PendingRequest]:
        """Remove and return the requests of which something is true."""
        return self._take(is_wanted)

    def take_late(self, now: float) -> list[PendingRequest]:
        """Remove and return the requests that nobody waits for any more."""
        return self._take(lambda job: job.is_late(now))

    def announce(self, card: ModelCard, say_reason: SayReason) -> None:
        """Tell each request its place and the reason, if either has changed.

        `card` is the model that the worker holds or wakes.
        """
        num_changes = 0
        for num_ahead, job in enumerate(self._jobs):
            if job.card != card:
                card, num_changes = job.card, num_changes + 1
            reason = say_reason(job, num_ahead, num_changes)
            if job.announced != (num_ahead, reason):
                job.announced = (num_ahead, reason)
                job.deliver(Queued(request_id=job.request_id, num_ahead=num_ahead, reason=reason))

    def _take(self, is_wanted: Callable[[PendingRequest], bool]) -> list[PendingRequest]:
        taken = [job for job in self._jobs if is_wanted(job)]
        if taken:
            self._jobs = deque(job for job in self._jobs if not is_wanted(job))
        return taken
