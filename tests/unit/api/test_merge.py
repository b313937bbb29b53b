"""Several answers on one stream, at once or in turn, and the usual case of one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from api.core.stream import in_turn, merge
from workers.messages import Event, TextDelta
from workers.messages.errors import GenerationError


class Source:
    """An answer of some words; knows whether it was closed."""

    def __init__(self, *words: str, error: Exception | None = None) -> None:
        self.is_closed = False
        self._words = words
        self._error = error

    async def events(self) -> AsyncGenerator[Event, None]:
        try:
            for word in self._words:
                await asyncio.sleep(0)
                yield TextDelta(request_id="r", text=word)
            if self._error is not None:
                raise self._error
        finally:
            self.is_closed = True


async def words_of(*sources: Source) -> list[tuple[int, str]]:
    merged = merge([source.events() for source in sources])
    return [(index, event.text) async for index, event in merged if isinstance(event, TextDelta)]


async def test_one_source_passes_without_a_task_of_its_own() -> None:
    before = asyncio.all_tasks()
    async with aclosing(merge([Source("a", "b").events()])) as merged:
        async for index, _ in merged:
            assert index == 0
            assert asyncio.all_tasks() == before


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_every_source_keeps_its_order(count: int) -> None:
    words = await words_of(*(Source("a", "b", "c") for _ in range(count)))
    for index in range(count):
        assert [word for of, word in words if of == index] == ["a", "b", "c"]


@pytest.mark.parametrize("count", [1, 2])
async def test_closing_it_closes_every_source(count: int) -> None:
    sources = [Source("a", "b", "c") for _ in range(count)]
    merged = merge([source.events() for source in sources])
    await anext(merged)
    await merged.aclose()
    assert all(source.is_closed for source in sources)


@pytest.mark.parametrize("others", [0, 1])
async def test_an_error_of_a_source_is_raised(others: int) -> None:
    failing = Source("a", error=GenerationError("No."))
    with pytest.raises(GenerationError):
        await words_of(failing, *(Source("b") for _ in range(others)))


async def test_in_turn_a_source_begins_when_the_one_before_has_ended() -> None:
    first, second = Source("a", "b"), Source("c")
    seen = []
    async for index, _ in in_turn([first.events(), second.events()]):
        seen.append((index, first.is_closed))
    assert seen == [(0, False), (0, False), (1, True)]


async def test_closed_in_turn_the_one_that_runs_is_closed() -> None:
    first, second = Source("a", "b"), Source("c")
    chained = in_turn([first.events(), second.events()])
    await anext(chained)
    await chained.aclose()
    assert first.is_closed


async def test_in_turn_an_error_ends_it() -> None:
    failing, after = Source(error=GenerationError("No.")), Source("b")
    with pytest.raises(GenerationError):
        async for _ in in_turn([failing.events(), after.events()]):
            pass
    assert not after.is_closed  # for it was never begun
