"""The documents' own sentences as an answer."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from tests.unit.flows.scripted_client import ScriptedClient, text_card
from workers.flows.documents import Cited, Question, ask_documents
from workers.flows.quoting import Quote, chosen, is_for_quotes, quoted_text
from workers.messages import Finished, Retrieved, TextDelta

FOUND = (
    Quote(number=1, text="Gulls sleep on the roof."),
    Quote(number=1, text="The last boat leaves at five."),
    Quote(number=2, text="Tickets are sold at the harbour."),
    Quote(number=2, text="The last boat leaves at five."),
)


def test_the_best_are_chosen_by_meaning_and_stand_in_reading_order() -> None:
    picked = chosen("When is the return trip?", FOUND, (0.1, 0.6, 0.7, 0.6))
    assert [one.text for one in picked] == [FOUND[1].text, FOUND[2].text]
    assert quoted_text(picked).endswith("at five. [1]\n\nTickets are sold at the harbour. [2]")


def test_without_an_embedder_words_choose() -> None:
    picked = chosen("When does the last boat leave?", FOUND, (0.0,) * 4)
    assert [(one.number, one.text) for one in picked] == [(1, FOUND[1].text)]
    assert chosen("Anything?", (), ()) == []


@pytest.mark.parametrize(("size", "is_quoted"), [(135, True), (1000, False), (0, False)])
def test_the_size_of_the_model_decides_where_nobody_does(size: float, is_quoted: bool) -> None:
    assert is_for_quotes(text_card("m", parameters_m=size)) is is_quoted


async def test_no_text_model_is_asked() -> None:
    client = ScriptedClient(
        lambda _: "never said", {"*": ["Gulls sleep. The last boat leaves at five."]}
    )
    question = Question(text="When does the last boat leave?", collection="c", quotes=True)
    async with aclosing(ask_documents(client, question)) as answer:
        events = [event async for event in answer]
    assert client.generated == []
    assert [type(event) for event in events] == [Retrieved, TextDelta, Cited, Finished]
    cited = events[2]
    assert isinstance(cited, Cited)
    assert (cited.text, cited.numbers, cited.is_quoted) == (
        "The last boat leaves at five. [1]",
        (1,),
        True,
    )
