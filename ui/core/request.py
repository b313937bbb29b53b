"""From a click to a drawn answer: the one loop of the page that runs a request.

A tab describes how its request looks (a `RequestRun`); its handlers say, in order, what is drawn:

    @streamed
    def on_ask(self, question: str) -> Steps:
        if not question:
            yield {self._parts.status: note_html("Type a question first.")}

Return:
        yield run_request(self._client.astream(request), QuestionRun(...))
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing
from functools import wraps
from typing import Any, ParamSpec, TypeAlias

from workers.flows.pacing import paced
from workers.flows.receipt import Receipt
from workers.messages import Event
from workers.messages.errors import AppError

from .render import error_html

log = logging.getLogger(__name__)
Given = ParamSpec("Given")

Update: TypeAlias = dict[Any, Any]
"""Component → its new value. An empty one would clear the page: Gradio takes it for a value."""
Updates: TypeAlias = AsyncGenerator[Update, None]
Steps: TypeAlias = Iterator[Update | Updates]
"""What a handler draws, one after another: single updates, and whole requests."""

UPDATE_S = 0.04
"""Between two updates of the page: at most 25 a second."""


class RequestRun(ABC):
    """One request on its way, and how it looks on its tab from the click to the end."""

    def __init__(self) -> None:
        self.receipt = Receipt()

    @abstractmethod
    def begun(self) -> Update:
        """Return what is drawn before anything has come."""

    @abstractmethod
    def advanced(self, batch: Sequence[Event]) -> Update:
        """Take note of some more events; returns what they change, {} if nothing."""

    @abstractmethod
    def failed(self, error: str) -> Update:
        """Return what is drawn when the request ends in an error; `error` is HTML."""

    @abstractmethod
    async def ended(self) -> Update:
        """Return what is drawn when all events have come; Stop ends a request so, too."""

    def refused(self, error: Exception) -> Exception:
        """Take note of an error; returns the one that is drawn."""
        return error

    def close(self) -> None:  # noqa: B027 — most have nothing to put away
        """Put away what the run holds; called in every case, also when the browser has gone."""


async def run_request(
    events: AsyncGenerator[Event, None], run: RequestRun, every_s: float = UPDATE_S
) -> Updates:
    """Draw a request as it goes; an error is drawn, not raised.

    Closing it (Gradio does when its event is cancelled or the browser leaves) cancels the request.
    """
    try:
        yield run.begun()
        async with aclosing(paced(events, every_s)) as batches:
            async for batch in batches:
                for event in batch:
                    run.receipt.see(event)
                if update := run.advanced(batch):
                    yield update
        yield await run.ended()
    except Exception as err:  # noqa: BLE001 — the edge of the page: everything must be told
        yield run.failed(error_line(run.refused(err)))
    finally:
        run.close()


def streamed(handler: Callable[Given, Steps]) -> Callable[Given, Updates]:
    """Make a handler's steps one stream of updates for Gradio; closing it closes the step under way."""

    @wraps(handler)
    async def play(*args: Given.args, **kwargs: Given.kwargs) -> Updates:
        for step in handler(*args, **kwargs):
            if isinstance(step, dict):
                yield step
                continue
            async with aclosing(step) as updates:
                async for update in updates:
                    yield update

    return play


async def update_or_error(work: Awaitable[Update], status: Any) -> Update:
    """Return what `work` wants drawn, or its error in the line `status`."""
    try:
        return await work
    except Exception as err:  # noqa: BLE001 — the edge of the page: everything must be told
        return {status: error_line(err)}


async def refused(error: AppError) -> AsyncGenerator[Event, None]:
    """Raise an error where the events of a request would come: it is drawn as theirs are."""
    nothing: tuple[Event, ...] = ()
    for event in nothing:
        yield event
    raise error


def error_line(error: Exception) -> str:
    """Return an error as a line of HTML; what nobody foresaw goes to the log as well."""
    if not isinstance(error, AppError):
        log.error("a request of the page failed", exc_info=error)
    return error_html(error)
