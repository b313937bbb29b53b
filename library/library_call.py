"""One thing that the library is asked for: what it is, what it comes to, what its stream shows."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from workers.client import Client
from workers.messages import (
    Event,
    Progress,
    Request,
    TextDelta,
)
from workers.messages.deadline import deadline_in

R = TypeVar("R")
P = TypeVar("P")

Flow = Callable[[Client], AsyncGenerator[Event, None]]
OnText = Callable[[str], object]
OnProgress = Callable[[Progress], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryCall(Generic[R, P]):
    """One thing to be done: R is what it comes to, P one piece of its stream."""

    source: Request | Flow
    result: Callable[[tuple[Event, ...]], R]
    piece: Callable[[Event], P | None]
    watch: Callable[[Event], object] = lambda _event: None
    """Told of every event: the caller's callbacks."""
    deadline: float | None = None
    """`time.monotonic()` at which the caller gives up; None: the settings say when."""


def deadline_of(timeout_s: float | None) -> float | None:
    """Raises: RequestError for a time that is none."""
    return None if timeout_s is None else deadline_in(timeout_s)


def text_of_event(event: Event) -> str | None:
    """Return what an event adds to a text; None for other events."""
    return event.text if isinstance(event, TextDelta) else None


def no_piece(_event: Event) -> Event | None:
    """Of a call whose stream shows nothing."""
    return None


E = TypeVar("E", bound=Event)


def only(kind: type[E]) -> Callable[[Event], E | None]:
    """Return what picks the events of one kind."""
    return lambda event: event if isinstance(event, kind) else None


progress_of_event = only(Progress)


def each(
    piece: Callable[[Event], P | None], callback: Callable[[P], object] | None
) -> Callable[[Event], object]:
    """Return what tells the callback of each piece."""

    def watch(event: Event) -> None:
        found = piece(event)
        if callback is not None and found is not None:
            callback(found)

    return watch
