"""What Gradio runs when Quintet ends: cut without a traceback, and only then."""

from __future__ import annotations

import asyncio
from typing import Any

import gradio as gr
import pytest

from ui.core.light_updates import LightBlocks
from ui.core.quiet_end import EndingBlocks


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> EndingBlocks:
    """A page whose events never end by themselves."""

    async def process_api(_page: LightBlocks, *_args: Any, **_kwargs: Any) -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    monkeypatch.setattr(LightBlocks, "process_api", process_api)
    return EndingBlocks.__new__(EndingBlocks)


async def cut_short(page: EndingBlocks) -> None:
    """Begin an event, and cancel it."""
    event = asyncio.ensure_future(page.process_api(0, []))
    await asyncio.sleep(0)
    event.cancel()
    await event


def test_at_the_end_a_look_that_is_cut_leaves_no_traceback(page: EndingBlocks) -> None:
    page.is_ending = lambda: True
    with pytest.raises(gr.Error, match="Quintet is stopping") as caught:
        asyncio.run(cut_short(page))
    assert caught.value.print_exception is False  # Gradio prints all others


def test_before_the_end_a_cancelled_event_is_cancelled(page: EndingBlocks) -> None:
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cut_short(page))
