"""A request of the page: what is drawn, in which order, and what is closed when nobody looks."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncGenerator, Sequence

import gradio as gr
import pytest
from gradio.helpers import special_args

from ui.core.request import (
    RequestRun,
    Steps,
    Update,
    Updates,
    run_request,
    streamed,
    update_or_error,
)
from workers.messages import Event, Finished, Started, TextDelta
from workers.messages.errors import AppError

ID = "one"


class Drawn(RequestRun):
    """Draws the text so far under "text"."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.is_closed = False

    def begun(self) -> Update:
        return {"text": ""}

    def advanced(self, batch: Sequence[Event]) -> Update:
        new = "".join(event.text for event in batch if isinstance(event, TextDelta))
        self.text += new
        return {"text": self.text} if new else {}

    def failed(self, error: str) -> Update:
        return {"error": error}

    async def ended(self) -> Update:
        return {"end": self.receipt.reason}

    def close(self) -> None:
        self.is_closed = True


class ScriptedEvents:
    """Events of a request, and whether it was cancelled."""

    def __init__(
        self, *events: Event, error: Exception | None = None, has_end: bool = True
    ) -> None:
        self.was_closed = False
        self._has_end = has_end
        self._events = events
        self._error = error

    async def stream(self) -> AsyncGenerator[Event, None]:
        try:
            for event in self._events:
                yield event
            if self._error is not None:
                raise self._error
            if not self._has_end:
                await asyncio.Event().wait()
        finally:
            self.was_closed = True


def drawn_of(updates: Updates) -> list[Update]:
    async def collect() -> list[Update]:
        return [update async for update in updates]

    return asyncio.run(collect())


def delta(text: str) -> TextDelta:
    return TextDelta(request_id=ID, text=text)


def test_a_request_is_drawn_from_the_click_to_its_end() -> None:
    run = Drawn()
    source = ScriptedEvents(
        Started(request_id=ID, queue_wait_s=0), delta("Hel"), delta("lo"), Finished(request_id=ID)
    )
    updates = drawn_of(run_request(source.stream(), run, 0))
    assert (updates[0], updates[-1]) == ({"text": ""}, {"end": "stop"})
    assert {"text": "Hello"} in updates
    assert {} not in updates  # Gradio would take it for a value
    assert run.is_closed


def test_an_error_is_drawn_after_what_came_before_it() -> None:
    run = Drawn()
    source = ScriptedEvents(delta("Hello"), error=AppError("Too long.", "Cut it."))
    updates = drawn_of(run_request(source.stream(), run, 0))
    assert {"text": "Hello"} in updates
    assert "Too long." in updates[-1]["error"]
    assert run.is_closed


def test_an_error_that_nobody_foresaw_is_drawn_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        updates = drawn_of(run_request(ScriptedEvents(error=KeyError("x")).stream(), Drawn(), 0))
    assert "unexpected" in updates[-1]["error"]
    assert "KeyError" in caplog.text


class TwoRuns:
    """A handler that draws an update and a request that never ends."""

    def __init__(self, source: ScriptedEvents, run: Drawn) -> None:
        self._source, self._run = source, run

    @streamed
    def on_click(self, event: gr.SelectData, words: str) -> Steps:
        yield {"said": words}
        yield run_request(self._source.stream(), self._run)


async def _left_in_the_middle(source: ScriptedEvents, run: Drawn) -> list[Update]:
    updates = TwoRuns(source, run).on_click(None, "hello")
    seen = [await anext(updates), await anext(updates)]
    waiting = asyncio.ensure_future(anext(updates))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await updates.aclose()
    return seen


def test_a_browser_that_leaves_ends_the_request_under_way() -> None:
    source, run = ScriptedEvents(has_end=False), Drawn()
    assert asyncio.run(_left_in_the_middle(source, run)) == [{"said": "hello"}, {"text": ""}]
    assert run.is_closed


def test_a_browser_that_leaves_between_two_updates_ends_the_request() -> None:
    async def leave(source: ScriptedEvents, run: Drawn) -> None:
        updates = TwoRuns(source, run).on_click(None, "hello")
        while await anext(updates) != {"text": "Hello"}:
            pass
        await updates.aclose()

    source, run = ScriptedEvents(delta("Hello"), has_end=False), Drawn()
    asyncio.run(leave(source, run))
    assert run.is_closed
    assert source.was_closed


def test_gradio_takes_a_handler_of_steps_for_a_stream_that_wants_the_event() -> None:
    """It looks at the signature: whether updates follow each other, and which arguments it fills."""
    handler = TwoRuns(ScriptedEvents(), Drawn()).on_click
    _, _, place_of_event, _ = special_args(handler)
    assert inspect.isasyncgenfunction(handler)
    assert place_of_event == 0


def test_an_error_of_a_short_job_stands_in_the_status_line() -> None:
    async def fail() -> Update:
        raise AppError("No such collection.")

    assert "No such collection." in asyncio.run(update_or_error(fail(), "line"))["line"]
