"""A question on its way: what the page shows when it comes too early, and when nobody can answer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ui.core.request import error_line, run_request
from ui.documents.run import QuestionRun
from ui.documents.view import AskedDocuments
from workers.messages import Event
from workers.messages.errors import AppError, GenerationError, NotFoundError


def parts() -> Any:
    """Names in the place of components."""
    names = "turns earlier asked status answer after evidence answer_id".split()
    composer = SimpleNamespace(question="question", send="send", stop="stop")
    return SimpleNamespace(**{name: name for name in names}, composer=composer)


async def shown_after(error: AppError, still_read: str) -> str:
    async def events() -> Any:
        nothing: tuple[Event, ...] = ()
        for event in nothing:
            yield event
        raise error

    asked = AskedDocuments(question="How high?", number=1, still_read=still_read)
    updates = [update async for update in run_request(events(), QuestionRun(parts(), asked, []))]
    assert len(updates[-1]["turns"]) == 1
    return str(updates[-1]["after"])


EMPTY = NotFoundError("The collection “c” has no documents yet.")
READING = "valley.pdf is still being read (reading page 14 of 24)."


async def test_who_asks_too_early_hears_how_far_the_document_is() -> None:
    shown = await shown_after(EMPTY, READING)
    assert READING in shown
    assert "no documents yet" not in shown
    assert 'data-act="again"' in shown


async def test_an_empty_collection_is_said_to_be_empty() -> None:
    assert error_line(EMPTY) in await shown_after(EMPTY, "")


async def test_another_error_is_not_hidden_by_what_is_read() -> None:
    error = GenerationError("The worker died.")
    shown = await shown_after(error, READING)
    assert error_line(error) in shown
    assert READING not in shown
