"""A request on its way through the pool, and how long the pool waits for what."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from configs.catalogue import ModelCard
from workers.messages import END_EVENTS, Event, Failed, Request

from .restarts import Restarts

log = logging.getLogger("quintet.pool")

Deliver = Callable[[Event], None]
"""Where a request's events go; called on the pool's loop, must return at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long the pool waits for what, in seconds, and how often it tries again."""

    max_waiting: int = 32
    """Requests that may wait for one worker; one more is refused."""
    idle_ttl_s: float = 300.0
    """A worker unused for so long goes to sleep; 0: never."""
    ping_every_s: float = 5.0
    ping_timeout_s: float = 60.0
    """A process silent for so long is killed. Loading a library can hold it for tens of seconds."""
    cancel_grace_s: float = 30.0
    """A cancelled request may go on for so long before its process is killed: some steps of a library
    cannot be interrupted, and a few of those would take hours."""
    stop_grace_s: float = 3.0
    """A process told to stop may take so long before it is killed."""
    restart_pause_s: float = 0.25
    """Pause before the second restart; it doubles with each further one. The first is at once."""
    max_deaths: int = 5
    """Deaths of one model within `death_window_s` after which it is left alone."""
    death_window_s: float = 60.0

    def restarts(self) -> Restarts:
        """Return the count of a model's deaths, none so far."""
        return Restarts(
            pause_s=self.restart_pause_s,
            max_deaths=self.max_deaths,
            window_s=self.death_window_s,
        )


@dataclass(slots=True, kw_only=True)
class Job:
    """A request that has not ended yet, the model it wants, and where its events go."""

    request: Request
    card: ModelCard
    inbox: Deliver
    submitted: float
    """By the loop's clock, which is `time.monotonic()`, as are all times here."""
    turn: int = 0
    """Its number among all that ever waited for this worker."""
    announced: tuple[int, str] | None = None
    cancelled: float | None = None
    """When the process was told to stop."""
    has_ended: bool = False
    is_abandoned: bool = False
    """Its requester's inbox has failed: nobody hears of it any more."""

    @property
    def request_id(self) -> str:
        """The request's id."""
        return self.request.request_id

    @property
    def is_cancelled(self) -> bool:
        """Whether the process has been told to stop."""
        return self.cancelled is not None

    def is_deaf(self, now: float, grace_s: float) -> bool:
        """Whether it goes on although it was told to stop."""
        return self.cancelled is not None and now - self.cancelled > grace_s

    def is_late(self, now: float) -> bool:
        """Whether nobody waits for the answer any more."""
        if self.is_abandoned:
            return True
        return self.request.deadline is not None and now > self.request.deadline

    def deliver(self, event: Event) -> None:
        """Hand an event to whoever asked. Never raises, and nothing follows an end.

        What goes wrong at the requester's is theirs: the request is dropped, the pool goes on.
        """
        if self.has_ended or self.is_abandoned:
            return
        self.has_ended = isinstance(event, END_EVENTS)
        try:
            self.inbox(event)
        except Exception:
            self.is_abandoned = True
            log.exception("request %s: its requester failed to take an event", self.request_id)

    def fail(self, code: str, message: str, hint: str = "") -> None:
        """Deliver the one end event, a failure."""
        self.deliver(Failed(request_id=self.request_id, code=code, message=message, hint=hint))
