"""Asks the questions through the search that answers use, and everyday ones, and measures."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from workers.client import Client
from workers.flows.off_topic import off_topic
from workers.messages import Event, Finished, Progress, Retrieved
from workers.messages.events import Chunks
from workers.messages.requests import ListChunks, Retrieve

from .metrics import CUT, Figures, figures
from .questions import PassageQuestion, make_questions

EVERYDAY = (
    "How do I bathe a dog?",
    "Which team won the football match on Saturday?",
    "How do I make pancakes?",
    "Why is the sea salty?",
    "What helps against mosquito bites?",
    "How do I fold a paper plane?",
    "Who painted the Mona Lisa?",
    "How do I repot an orchid?",
    "What do hedgehogs eat?",
    "How do I ripen bananas faster?",
)
"""Others than the floor of a collection is chosen by: those would flatter it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedQuestion:
    """A question whose passage is not among the first five."""

    question: str
    expected: str
    """Text of the passage that it was made from."""
    found: str
    """Text of what came first instead; "": nothing did."""
    found_in: str
    """Name of its document."""


@dataclass(frozen=True, kw_only=True)
class CollectionTested(Event):
    """What a test comes to."""

    collection: str
    num_questions: int
    figures: Figures
    refused: float
    """Share of the collection's own questions that would be refused, [0, 1]; should be low."""
    everyday_refused: float
    """Share of everyday questions that would be refused, [0, 1]; should be high."""
    misses: tuple[MissedQuestion, ...]


async def run_collection_test(
    client: Client, collection: str, *, num: int, seed: int = 0
) -> AsyncGenerator[Event, None]:
    """Yield Progress (questions), CollectionTested and Finished. Raises: AppError."""
    listing = ListChunks(collection=collection)
    chunks = [
        chunk
        for event in [one async for one in client.astream(listing)]
        if isinstance(event, Chunks)
        for chunk in event.chunks
    ]
    questions = make_questions(chunks, num=num, seed=seed)
    total = len(questions) + len(EVERYDAY)
    answers: list[Retrieved] = []
    for text in (*(one.text for one in questions), *EVERYDAY):
        if (found := await _retrieved(client, collection, text)) is None:
            yield Finished(request_id=listing.request_id, reason="cancelled")
            return
        answers.append(found)
        yield Progress(
            request_id=listing.request_id, done=len(answers), total=total, unit="questions"
        )
    own, everyday = answers[: len(questions)], answers[len(questions) :]
    rankings = [_ranking(one, found) for one, found in zip(questions, own, strict=True)]
    yield CollectionTested(
        request_id=listing.request_id,
        collection=collection,
        num_questions=len(questions),
        figures=figures(rankings, [1] * len(rankings)),
        refused=_refused(own),
        everyday_refused=_refused(everyday),
        misses=tuple(
            _missed(one, found)
            for one, found, ranking in zip(questions, own, rankings, strict=True)
            if not any(ranking[:5])
        ),
    )
    yield Finished(request_id=listing.request_id)


async def _retrieved(client: Client, collection: str, text: str) -> Retrieved | None:
    """Return what a search finds; None if it was stopped."""
    request = Retrieve(collection=collection, query=text, top_k=CUT, weighs=True)
    found = Retrieved(request_id=request.request_id, passages=())
    async with aclosing(client.astream(request)) as events:
        async for event in events:
            if isinstance(event, Retrieved):
                found = event
            elif isinstance(event, Finished) and event.reason == "cancelled":
                return None
    return found


def _ranking(question: PassageQuestion, found: Retrieved) -> list[bool]:
    """Return whether each place is right: the passage, or another with the same text."""
    wanted = question.expected
    return [
        passage.chunk_id == wanted.chunk_id or passage.text == wanted.text
        for passage in found.passages
    ]


def _refused(answers: list[Retrieved]) -> float:
    refused = [off_topic(one.grounds) for one in answers]
    return sum(refused) / len(refused)


def _missed(question: PassageQuestion, found: Retrieved) -> MissedQuestion:
    first = found.passages[0] if found.passages else None
    return MissedQuestion(
        question=question.text,
        expected=question.expected.text,
        found=first.text if first else "",
        found_in=first.document_name if first else "",
    )
