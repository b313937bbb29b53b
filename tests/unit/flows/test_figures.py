"""Numbers and names of an answer that stand in no passage, and how every door says it."""

from __future__ import annotations

from tests.unit.flows.scripted_client import passage
from workers.flows.citations import cite
from workers.flows.doubts import doubts_of
from workers.flows.figures import amounts_in, figures_in, numbers_in, strays

PASSAGES = (
    passage("The tower is 31 m high and was built in 1887 by Anna Holm."),
    passage("Tickets cost eight crowns; 1,200 visitors came on 3 May 2021."),
)


def test_numbers_are_compared_as_digits() -> None:
    assert numbers_in("1. It has 1,200 steps and 07 lamps.") == {"1200", "7"}
    assert {"8", "1200", "3", "2021"} <= figures_in(PASSAGES[1].text)


def test_amounts_have_their_units_and_dates_are_whole() -> None:
    text = (
        "It is 42 m high, 19.5 % wet since 3 May 2021 or May 4, 2022, at 5:30, for $12 and 7 boats."
    )
    assert amounts_in(text) == [
        "42 m", "19.5 %", "3 May 2021", "May 4, 2022", "5:30", "$12", "7",
    ]  # fmt: skip


def test_only_what_stands_in_no_passage_is_named() -> None:
    said = ["The tower is 42 m high.", "It was built in 1887 by Carl Berg, not by Anna Holm."]
    assert strays(said, PASSAGES) == ("42 m", "Carl Berg")
    assert strays(["The ticket is 8 crowns for 1200 people."], PASSAGES) == ()


def test_an_answer_carries_them() -> None:
    assert cite("The tower is 42 m high.\n```\nx = 99\n```", PASSAGES).strays == ("42 m",)


def test_doubts_are_sentences() -> None:
    assert doubts_of() == ()
    notes = doubts_of(unsupported=("Gulls sing.",), strays=("42 m",), num_moved=2)
    assert notes[0] == "No passage says: “Gulls sing.”"
    assert "2 sentences" in notes[1]
    assert notes[2] == "“42 m” stands in no passage."
    assert "and 2 more stand" in doubts_of(strays=[str(number) for number in range(8)])[0]
