"""With the real embedder: a small collection measures by itself what is about something else."""

from __future__ import annotations

import pytest

from tests.rag.conftest import add, ask
from tests.rag.material import QUESTIONS, handbook_pdf
from workers.engines.rag.worker import RagWorker
from workers.flows.off_topic import off_topic
from workers.messages import Grounds, PassageFilter, Retrieve, Retrieved
from workers.messages.errors import UnsupportedInputError

OFF_TOPIC = (
    "Who painted the ceiling of the chapel in Rome?",
    "How much sleep does a teenager need?",
    "Why is the sky blue?",
    "How do penguins find their partners?",
    "What is the boiling point of ethanol?",
    "How is cheddar made?",
    "Which planets have rings?",
    "How do vaccines work?",
    "What is the population of Brazil?",
    "How do I knit a scarf?",
)


@pytest.fixture(scope="module")
def office(worker: RagWorker) -> RagWorker:
    add(worker, "office", a__pdf=handbook_pdf())
    return worker


def weighed(worker: RagWorker, query: str) -> Grounds:
    (found, *_) = ask(worker, Retrieve(collection="office", query=query, weighs=True))
    assert isinstance(found, Retrieved)
    assert found.grounds is not None
    return found.grounds


def test_what_is_about_something_else_is_refused_and_what_stands_there_is_not(
    office: RagWorker,
) -> None:
    refused = sum(off_topic(weighed(office, question)) for question in OFF_TOPIC)
    lost = sum(off_topic(weighed(office, question)) for question, _ in QUESTIONS)
    assert refused >= 8
    assert lost <= 1


def test_a_name_that_stands_nowhere_is_said(office: RagWorker) -> None:
    assert weighed(office, "Are dogs of Napoleon allowed here?").missing == ("Napoleon",)
    assert weighed(office, "Which receipts does Marta Kowalski get?").missing == ()


def test_nothing_is_weighed_unasked(office: RagWorker) -> None:
    (found, *_) = ask(office, Retrieve(collection="office", query="dogs"))
    assert isinstance(found, Retrieved)
    assert found.grounds is None


def test_a_filter_finds_only_there_and_says_where_nothing_is_left(office: RagWorker) -> None:
    def pages(query: str, only: PassageFilter) -> set[int | None]:
        request = Retrieve(collection="office", query=query, top_k=5, only=only)
        (found, *_) = ask(office, request)
        assert isinstance(found, Retrieved)
        return {passage.page for passage in found.passages}

    assert pages("May I bring my dog?", PassageFilter(pages=(4, 6))) == {4, 5, 6}
    assert 19 in pages("May I bring my dog?", PassageFilter(files=("A.*",), types=("pdf",)))
    with pytest.raises(UnsupportedInputError, match="documents fits"):
        pages("dogs", PassageFilter(files=("b.*",)))
    with pytest.raises(UnsupportedInputError, match="has such a page"):
        pages("dogs", PassageFilter(pages=(900, 901)))
