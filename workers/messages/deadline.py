"""When an answer is not wanted any more, for everything that one piece of code asks the workers for.

One question may become several requests, one after the other (`workers.flows`): they share the time. It is
given to a client (`Client.until`), or to all that the running task asks for, as `asyncio.timeout` is; a
request with a deadline of its own keeps that.
"""

from __future__ import annotations

import math
import time
from contextvars import ContextVar
from dataclasses import replace
from typing import TypeVar

from .errors import RequestError
from .requests import Request

MAX_TIMEOUT_S = 7 * 24 * 3600

_of_this_task: ContextVar[float | None] = ContextVar("deadline", default=None)

R = TypeVar("R", bound=Request)


class Deadline(float):
    """A `time.monotonic()`, and how many seconds there were until then when it was set.

    Who sets it, a door, hands the request on a moment later, on a busy machine much later.
    """

    given_s: float

    def __new__(cls, moment: float, given_s: float) -> Deadline:
        """See the class."""
        self = super().__new__(cls, moment)
        self.given_s = given_s
        return self

    def __reduce__(self) -> tuple[type[Deadline], tuple[float, float]]:
        """It goes to the workers with its request."""
        return Deadline, (float(self), self.given_s)


def deadline_in(timeout_s: float, what: str = "timeout_s") -> Deadline:
    """Return the `time.monotonic()` that is so many seconds away; `what` names them in an error.

    Raises: RequestError unless it is more than 0 and at most a week.
    """
    if not math.isfinite(timeout_s) or not 0 < timeout_s <= MAX_TIMEOUT_S:
        raise RequestError(
            f"{what} is {timeout_s:g}; it must be more than 0 and at most {MAX_TIMEOUT_S} seconds."
        )
    return Deadline(time.monotonic() + timeout_s, timeout_s)


def set_deadline(deadline: float) -> None:
    """Give all that this task asks for from here on a deadline."""
    _of_this_task.set(deadline)


def with_deadline(request: R, given: float | None) -> R:
    """Return the request with the deadline that is given, or this task's, unless it has its own."""
    deadline = given if given is not None else _of_this_task.get()
    if deadline is None or request.deadline is not None:
        return request
    return replace(request, deadline=deadline)
