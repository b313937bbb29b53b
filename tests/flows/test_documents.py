"""Ask a collection with two real workers: passages, then an answer that names its page."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from tests.rag.material import handbook_pdf
from workers.client import Client
from workers.flows.citations import cite, supporting
from workers.flows.documents import Cited, ContextCut, Question, ask_documents
from workers.messages import (
    DocumentIndexed,
    Event,
    Finished,
    Ingest,
    Media,
    Passage,
    Retrieved,
    TextDelta,
)
from workers.messages.errors import NotFoundError


def passage(text: str, page: int = 1) -> Passage:
    return Passage(
        chunk_id=str(page),
        document_id="d",
        document_name="a.pdf",
        page=page,
        text=text,
        score=0.5,
    )


PASSAGES = (
    passage("The last boat leaves the island at half past five.", 1),
    passage("A spiral stair of 196 steps leads up to the lamp.", 2),
)


def test_own_marks_are_kept_and_wrong_ones_removed() -> None:
    marked = cite("There are 196 steps [2]. Mind your head [7].", PASSAGES)
    assert marked.text == "There are 196 steps [2]. Mind your head."
    assert (marked.numbers, marked.is_by_model) == ((2,), True)


def test_sentences_without_marks_get_the_passage_that_shares_their_words() -> None:
    marked = cite("The stair has 196 steps. The last boat leaves at half past five.", PASSAGES)
    assert marked.text == "The stair has 196 steps. [2] The last boat leaves at half past five. [1]"
    assert (marked.numbers, marked.is_by_model) == ((2, 1), False)


@pytest.mark.parametrize(
    "sentence", ["Penguins love chocolate.", "The stair has 169 steps.", "Yes.", ""]
)
def test_unsupported_sentence_gets_no_mark(sentence: str) -> None:
    assert supporting(sentence, PASSAGES) is None
    assert cite(sentence, PASSAGES).text == sentence


@pytest.fixture(scope="module")
def company(client: Client) -> None:
    """A collection that holds the handbook."""
    document = Media(name="handbook.pdf", data=handbook_pdf())
    events = client.run(Ingest(collection="company", documents=(document,)))
    assert any(isinstance(event, DocumentIndexed) for event in events)


async def answer(client: Client, question: str, collection: str = "company") -> list[Event]:
    async with aclosing(
        ask_documents(client, Question(text=question, collection=collection))
    ) as events:
        return [event async for event in events]


@pytest.mark.usefixtures("company")
async def test_answer_cites_the_right_page(client: Client) -> None:
    events = await answer(client, "What is the code for the cellar where bikes are kept?")
    kinds = [type(event) for event in events]
    assert kinds.index(Retrieved) < kinds.index(ContextCut) < kinds.index(TextDelta)
    (retrieved,) = (event for event in events if isinstance(event, Retrieved))
    (cited,) = (event for event in events if isinstance(event, Cited))
    (cut,) = (event for event in events if isinstance(event, ContextCut))
    assert "4471" in cited.text
    assert retrieved.passages[cited.numbers[0] - 1].page == 8
    assert (cut.num_used, cut.num_found) == (3, 6)
    assert "small" in cut.reason
    assert kinds.count(Finished) == 1
    assert kinds[-1] is Finished


async def test_empty_collection_is_reported(client: Client) -> None:
    await client.arun(Ingest(collection="empty", documents=()))
    with pytest.raises(NotFoundError, match="no documents yet"):
        await answer(client, "Anything?", "empty")


@pytest.mark.usefixtures("company")
async def test_walking_away_frees_the_text_worker(client: Client) -> None:
    events = ask_documents(
        client, Question(text="How long is the trial period?", collection="company")
    )
    async for event in events:
        if isinstance(event, TextDelta):
            break
    await events.aclose()
    again = await answer(client, "How long is the trial period?")
    assert isinstance(again[-1], Finished)
