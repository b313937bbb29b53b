"""The requests that one process works on now. Knows requests and the clock, not the process."""

from __future__ import annotations

from dataclasses import replace

from workers.messages import Event, Finished, Started

from .ending import Ending
from .pending import PendingRequest
from .process import WorkerProcess
from .suspects import Suspects


class Running:
    """Requests that were sent and have not ended."""

    def __init__(self) -> None:
        self._pending: dict[str, PendingRequest] = {}
        self._suspects = Suspects()

    def __len__(self) -> int:
        return len(self._pending)

    def add(self, pending: PendingRequest) -> None:
        """Note that a request was sent."""
        self._pending[pending.request_id] = pending

    def get(self, request_id: str) -> PendingRequest | None:
        """Return a request; None if it does not run here."""
        return self._pending.get(request_id)

    def end(self, request_id: str) -> None:
        """Forget a request that has ended; it did the process no harm."""
        self._suspects.clear(self._pending.pop(request_id))

    def take_back(self, request_id: str) -> None:
        """Forget a request that never reached the process."""
        del self._pending[request_id]

    def take_all(self) -> list[PendingRequest]:
        """Return all of them, which are none of the process's any more."""
        requests, self._pending = self._pending, {}
        return list(requests.values())

    def fail_all(self, ending: Ending, now: float) -> None:
        """The process has gone: end all of them."""
        requests = self.take_all()
        self._suspects.record_death(requests, now)
        for pending in requests:
            if pending.is_cancelled:
                pending.deliver(Finished(request_id=pending.request_id, reason="cancelled"))
            else:
                pending.fail(ending.code, ending.sentence(pending.card.name), "Try again.")

    def is_poison(self, pending: PendingRequest, now: float) -> bool:
        """Whether requests like this one have ended too many processes lately."""
        return self._suspects.is_convicted(pending, now)

    def late(self, now: float) -> list[PendingRequest]:
        """Return those whose time is up, and who asked has not been told yet."""
        return [
            pending
            for pending in self._pending.values()
            if pending.is_late(now) and not pending.has_ended
        ]

    def is_deaf(self, now: float, grace_s: float) -> bool:
        """Whether one of them goes on although it was told to stop."""
        return any(pending.is_deaf(now, grace_s) for pending in self._pending.values())


def with_waits(
    event: Event, pending: PendingRequest, process: WorkerProcess | None, now: float
) -> Event:
    """Add to a Started how long the request waited, and how much of that went into loading."""
    if not isinstance(event, Started):
        return event
    wait_s = now - pending.submitted
    if process is None or process.ready is None:
        return replace(event, queue_wait_s=wait_s)
    loaded_at = process.started + process.ready.load_s
    load_s = max(0.0, loaded_at - max(pending.submitted, process.started))
    return replace(event, queue_wait_s=wait_s, load_s=min(load_s, wait_s))
