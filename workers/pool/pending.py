"""A request on its way through the pool, and how long the pool waits for what."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from configs.catalogue import ModelCard
from workers.messages import END_EVENTS, Event, Failed, Modality, Request
from workers.messages.deadline import Deadline

from .restarts import Restarts

log = logging.getLogger("quintet.pool")

Deliver = Callable[[Event], None]
"""Where a request's events go; called on the pool's loop, must return at once."""


STOPPING = ("pool_closed", "Quintet is stopping.", "Ask again once it runs.")
"""How every request ends that is there when the pool closes: code, sentence, hint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLimits:
    """How long the pool waits for what, in seconds, and how often it tries again."""

    max_waiting: int = 32
    """Requests that may wait for one worker; one more is refused."""
    idle_ttl_s: float = 300.0
    """A worker unused for so long goes to sleep; 0: never."""
    ping_every_s: float = 5.0
    ping_timeout_s: float = 60.0
    """A process silent for so long is killed, unless it works on its way into memory: loading a library
    can keep it from answering."""
    stall_timeout_s: float = 120.0
    """A process that has something to do, but neither comes further nor computes, is killed after this."""
    spin_timeout_s: float = 900.0
    """One that computes without coming further is killed after this. One batch of a prompt, one window
    of speech, one picture may take minutes on a slow machine."""
    timeout_s: Mapping[Modality, float] = field(default_factory=dict)
    """How long a request that names no deadline may take, waiting included; 0 or missing: for ever."""
    cancel_grace_s: float = 30.0
    """A cancelled request may go on for so long before its process is killed: some steps of a library
    cannot be interrupted, and a few of those would take hours."""
    stop_grace_s: float = 3.0
    """A process told to stop may take so long before it is killed."""
    restart_pause_s: float = 0.25
    """Pause before the second restart; it doubles with each further one. The first is at once."""
    max_deaths: int = 5
    """Deaths of one model within `death_window_s` after which it is left alone."""
    max_stuck_loads: int = 2
    """Loads of one model in a row that hang, after which those who wait for it are told so."""
    death_window_s: float = 60.0

    def deadline(self, request: Request, modality: Modality, now: float) -> float | None:
        """Return when a request that comes now must have ended: its own word, or ours."""
        if request.deadline is not None:
            return request.deadline
        timeout_s = self.timeout_s.get(modality, 0.0)
        return now + timeout_s if timeout_s > 0 else None

    def restarts(self) -> Restarts:
        """Return the count of a model's deaths, none so far."""
        return Restarts(
            pause_s=self.restart_pause_s,
            max_deaths=self.max_deaths,
            window_s=self.death_window_s,
            max_stuck_loads=self.max_stuck_loads,
        )


def _to_nobody(_event: Event) -> None:
    """Who asked has been told the end."""


@dataclass(slots=True, kw_only=True)
class PendingRequest:
    """A request that has not ended yet, the model it wants, and where its events go."""

    request: Request
    card: ModelCard
    inbox: Deliver
    submitted: float
    """By the loop's clock, which is `time.monotonic()`, as are all times here."""
    deadline: float | None = None
    """After this nobody waits any more; None: somebody always does."""
    turn: int = 0
    """Its number among all that ever waited for this worker."""
    announced: tuple[int, str] | None = None
    cancelled: float | None = None
    """When the process was told to stop."""
    has_ended: bool = False
    """Whether who asked has been told the end; the process may still work on it."""
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
        return self.deadline is not None and now > self.deadline

    def expire(self, now: float) -> None:
        """Tell who asked that time is up, now; whatever the worker still says is heard by nobody."""
        deadline = now if self.deadline is None else self.deadline
        given_s = deadline.given_s if isinstance(deadline, Deadline) else deadline - self.submitted
        limit_s = max(0.0, given_s)
        where = "waiting in the queue" if self.cancelled is None else "being worked on"
        self.fail(
            "timed_out",
            f"{self.card.name} did not answer within {_seconds_in_words(limit_s)} s: "
            f"the request was still {where}.",
            "Ask for less, or give it more time.",
        )

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


def _seconds_in_words(seconds: float) -> str:
    """Return "1,800", "2.5" or "0.02": a short limit is not told as none."""
    return f"{seconds:.2g}" if seconds < 1 else f"{seconds:,.1f}".removesuffix(".0")
