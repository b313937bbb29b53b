"""Which sentence gets which mark: by words, by likeness, and where the model was wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.flows.scripted_client import passage
from workers.flows.citations import cite, supporting
from workers.flows.likeness import FOREIGN, likeness_of, nearest
from workers.flows.sentences import passage_sentences, sentences_of

BOAT = passage("The last boat leaves the island at half past five.")
STAIR = passage("A spiral stair of 196 steps leads up to the lamp. It was built by Anna Holm.")
PASSAGES = (BOAT, STAIR)


def test_a_mark_of_the_model_that_is_wrong_goes_to_the_passage_that_says_it() -> None:
    marked = cite("A stair of 196 steps leads up [1].", PASSAGES)
    assert marked.text == "A stair of 196 steps leads up [2]."
    assert (marked.numbers, marked.is_by_model, marked.num_moved) == ((2,), True, 1)
    assert marked.unsupported == ()


def test_a_mark_on_what_no_passage_says_is_taken_away() -> None:
    marked = cite(
        "The last boat leaves at half past five. [1] Penguins love chocolate [2].", PASSAGES
    )
    assert marked.text == "The last boat leaves at half past five. [1] Penguins love chocolate."
    assert marked.unsupported == ("Penguins love chocolate.",)
    assert (marked.num_claims, marked.num_moved) == (2, 1)


def test_of_two_marks_the_supported_one_stays() -> None:
    marked = cite("A stair of 196 steps leads up [1] [2].", PASSAGES)
    assert (marked.text, marked.num_moved) == ("A stair of 196 steps leads up [2].", 1)


def test_likeness_marks_what_is_said_in_other_words() -> None:
    sentence = "You have to be back at the pier by late afternoon."
    assert supporting(sentence, PASSAGES) is None
    assert supporting(sentence, PASSAGES, (0.64, 0.1)) == 1
    assert supporting(sentence, PASSAGES, (0.4, 0.1)) is None
    assert supporting(sentence, PASSAGES, (0.64, 0.63)) is None, "two are as near"
    assert supporting(sentence, PASSAGES, (0.8, 0.79)) == 1


@pytest.mark.parametrize(
    "sentence", ["The stair has 169 steps.", "The stair was built by Carl Berg in wood."]
)
def test_a_wrong_number_or_name_is_supported_by_nothing(sentence: str) -> None:
    assert supporting(sentence, PASSAGES, (0.9, 0.95)) is None


def test_shared_words_are_no_support_where_the_meaning_is_far() -> None:
    sentence = "The boat leaves an island of penguins."
    assert supporting(sentence, PASSAGES) == 1
    assert supporting(sentence, PASSAGES, (0.3, 0.1)) is None


def test_what_claims_nothing_is_not_judged() -> None:
    text = "# Boats\nWhen does it leave?\nThe passages do not say when.\n```\nsteps = 12\n```\nYes."
    assert cite(text, PASSAGES).unsupported == ()
    assert cite(text, PASSAGES).text == text


def test_a_list_keeps_its_numbers_and_each_item_has_its_mark() -> None:
    text = "1. The last boat leaves at half past five.\n2. The stair has 196 steps."
    assert cite(text, PASSAGES).text == (
        "1. The last boat leaves at half past five. [1]\n2. The stair has 196 steps. [2]"
    )


def test_numbers_may_be_words_in_the_passage() -> None:
    assert supporting("The last boat leaves the island at 5:30.", PASSAGES) == 1


def test_the_pieces_of_an_answer_are_the_answer() -> None:
    text = "One thing [1]. Two.  [2]\n\n- Three! And 3.5 more\n```x\n1. y\n```\n end"
    assert "".join(one.raw for one in sentences_of(text)) == text
    assert passage_sentences("One\nthing is it. Two\nthings.") == [
        "One thing is it.",
        "Two things.",
    ]


def test_a_heading_is_no_part_of_the_sentence_below_it() -> None:
    text = "4. The tower\nThe tower is 41 metres\nhigh. It has\nAnna Holm to thank."
    assert passage_sentences(text) == ["The tower is 41 metres high.", "It has Anna Holm to thank."]


def test_zero_is_how_near_sentences_about_something_else_are() -> None:
    foreign = [(0.6, 0.8)] * len(FOREIGN)  # an embedder that puts everything near: cosine 0.6
    (row,) = nearest([*foreign, (1.0, 0.0), (1.0, 0.0), (0.6, 0.8)], 1, [0, 1], 3)
    assert row[:2] == pytest.approx([1.0, 0.0])
    assert row[2] == -1


class Asleep:
    def loaded(self, modality: Any) -> None:
        return None


async def test_an_embedder_that_sleeps_is_not_woken() -> None:
    assert await likeness_of(Asleep(), "The boat leaves.", PASSAGES) == ()  # type: ignore[arg-type]
