"""Passages of several answers that become one: each mark names its own."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from workers.flows.turns.events import Noted, Rewritten
from workers.flows.turns.part_sources import PartSources, moved
from workers.messages import Event, Finished, TextDelta


async def part(text: str, *sources: str, is_rewritten: bool = False) -> AsyncGenerator[Event, None]:
    if sources:
        yield Noted(request_id="", details={"sources": list(sources)})
    yield TextDelta(request_id="", text=text.replace(" [1]", "") if is_rewritten else text)
    if is_rewritten:
        yield Rewritten(request_id="", text=text)
    if sources:
        yield Noted(request_id="", details={"cited": [1]})
    yield Finished(request_id="")


async def heard_by(found: PartSources, events: AsyncGenerator[Event, None]) -> list[Event]:
    return [event async for event in found.of(events)]


async def test_numbers_go_on_from_part_to_part() -> None:
    found = PartSources()
    await heard_by(found, part("It is so [1].", "a", "b"))
    events = await heard_by(found, part("And so [1].", "c", is_rewritten=True))
    assert (found.sources, found.cited) == (["a", "b", "c"], [1, 3])
    assert [event.text for event in events if isinstance(event, Rewritten)] == ["And so [3]."]
    assert isinstance(events[-1], Finished)


async def test_a_part_without_passages_stays_as_it_is() -> None:
    found = PartSources(sources=["a"])
    events = await heard_by(found, part("A list x[1]."))
    assert [type(event) for event in events] == [TextDelta, Finished]
    assert moved("x[1]", 0) == "x[1]"
