"""A collection is asked about its own passages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import cast

import pytest

from workers.client import Client
from workers.flows.collection_test.questions import make_questions
from workers.flows.collection_test.running import CollectionTested, run_collection_test
from workers.messages import Event, Finished, Grounds, Passage, Progress, Request, Retrieved
from workers.messages.errors import UnsupportedInputError
from workers.messages.events import Chunks
from workers.messages.requests import ListChunks, Retrieve
from workers.messages.values import Chunk

NAMES = "alpha bravo charlie delta echoes foxtrot golfing hotel indigo juliet kilos limas".split()


def chunk(name: str, text: str = "") -> Chunk:
    said = text or f"about {name}one with {name}two and {name}three"
    return Chunk(chunk_id=name, document_id=name[:1], page=None, sha256="", text=said)


CHUNKS = tuple(chunk(name) for name in NAMES)


class SearchClient:
    """Finds the passage that has all words of the query, but never `missing`."""

    def __init__(self, missing: str) -> None:
        self.missing = missing

    async def astream(self, request: Request) -> AsyncGenerator[Event, None]:
        if isinstance(request, ListChunks):
            yield Chunks(request_id=request.request_id, collection="c", chunks=CHUNKS)
        elif isinstance(request, Retrieve):
            hits = [
                one
                for one in CHUNKS
                if one.chunk_id != self.missing
                and all(word in one.text.split() for word in request.query.split())
            ]
            near = 0.9 if hits else 0.0
            yield Retrieved(
                request_id=request.request_id,
                passages=tuple(
                    Passage(
                        chunk_id=one.chunk_id,
                        document_id=one.document_id,
                        document_name="d",
                        page=None,
                        text=one.text,
                        score=near,
                    )
                    for one in hits
                ),
                grounds=Grounds(nearest=near, floor=0.5, coverage=near),
            )
        yield Finished(request_id=request.request_id)


def test_rare_words_and_definitions_become_questions() -> None:
    made = make_questions((*CHUNKS, chunk("zeta", "A Zygote is a cell of two.")), num=60)
    asked = {one.expected.chunk_id: one.text for one in made}
    assert asked["zeta"] == "What is a Zygote?"
    assert set(asked["alpha"].split()) == {"alphaone", "alphatwo", "alphathree"}


def test_the_same_seed_asks_the_same() -> None:
    assert make_questions(CHUNKS, num=5, seed=3) == make_questions(CHUNKS[::-1], num=5, seed=3)


def test_few_or_repeated_passages_are_refused() -> None:
    repeated = [chunk(name, CHUNKS[0].text) for name in NAMES]
    for chunks in (CHUNKS[:9], repeated):
        with pytest.raises(UnsupportedInputError, match="at least 10"):
            make_questions(chunks, num=60)


def test_a_passage_that_is_not_found_is_named() -> None:
    async def run() -> list[Event]:
        client = cast("Client", SearchClient("alpha"))
        return [event async for event in run_collection_test(client, "c", num=60)]

    events = asyncio.run(run())
    tested = next(event for event in events if isinstance(event, CollectionTested))
    assert tested.figures.hit_1 == pytest.approx(11 / 12)
    assert [miss.expected for miss in tested.misses] == [CHUNKS[0].text]
    assert tested.refused == pytest.approx(1 / 12)
    assert tested.everyday_refused == 1
    assert [one.done for one in events if isinstance(one, Progress)][-1] == 22
