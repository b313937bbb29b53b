"""What is left out of a conversation that is too long: pure."""

from __future__ import annotations

from typing import Any

import pytest

from workers.chats.records import Message
from workers.flows.turns.fitting import (
    expected_tokens,
    kept_left_out,
    left_out_before,
    shorter,
)
from workers.flows.turns.summarising import cut


def exchange(number: int, **details: Any) -> list[Message]:
    """A question of 100 characters, and an answer of 300."""
    question = Message(id=2 * number, parent=2 * number - 1 or None, role="user", text="q" * 100)
    answer = Message(
        id=2 * number + 1, parent=2 * number, role="assistant", text="a" * 300, details=details
    )
    return [question, answer]


PATH = [*exchange(1), *exchange(2), *exchange(3), exchange(4)[0]]


@pytest.mark.parametrize(
    ("num_tokens", "num_left_out"),
    [(310, 2), (400, 2), (450, 4), (9000, 6), (0, 4)],
)
def test_as_many_exchanges_go_as_are_too_many(num_tokens: int, num_left_out: int) -> None:
    """1,300 characters; a quarter of 400 tokens is kept for the answer."""
    assert shorter(PATH, 0, num_tokens, 1300, 400) == num_left_out


def test_the_last_question_stays() -> None:
    assert shorter(PATH[6:], 0, 900, 100, 400) is None
    assert shorter(PATH, 6, 900, 100, 400) is None


def test_what_the_last_answer_took_says_what_the_next_question_will() -> None:
    path = [*exchange(1, model="m", context={"used": 250}), exchange(2)[0]]
    assert expected_tokens(path, "m", 300) == 350
    assert expected_tokens(path, "another", 300) == 0
    assert expected_tokens(path[2:], "m", 300) == 0


def test_what_was_left_out_stays_out_until_there_is_more_room() -> None:
    noted = kept_left_out(PATH, 2, "in short", 400)
    assert noted == {"exchanges": 1, "until": 3, "window": 400, "summary": "in short"}
    path = [*exchange(1), *exchange(2, left_out=noted), exchange(3)[0]]
    assert left_out_before(path, "summarise", 400) == (2, "in short")
    assert left_out_before(path, "summarise", 800) == (0, "")
    assert left_out_before(path, "drop", 400) == (0, "")
    assert left_out_before(path[2:], "summarise", 400) == (0, "")


def test_a_long_beginning_is_summed_up_in_parts() -> None:
    parts = cut(PATH, 500)
    assert max(map(len, parts)) == 500
    assert "".join(parts).count("a" * 300) == 3
