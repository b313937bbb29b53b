"""Whose fault a death was: shared, cleared by a good end, forgotten after a while."""

from __future__ import annotations

from tests.pool.conftest import card, say
from workers.pool.pending import PendingRequest
from workers.pool.suspects import FORGET_S, MAX_BLAME, Suspects


def pending(text: str, model: str = "") -> PendingRequest:
    found = card("text", model)
    return PendingRequest(request=say(text), card=found, inbox=lambda event: None, submitted=0.0)


def test_one_that_is_alone_at_every_death_is_convicted_by_what_it_asks_for() -> None:
    suspects = Suspects()
    for now in range(int(MAX_BLAME)):
        assert not suspects.is_convicted(pending("poison"), now)
        suspects.record_death([pending("poison")], now)
    assert suspects.is_convicted(pending("poison"), 10)
    assert not suspects.is_convicted(pending("water"), 10)
    assert not suspects.is_convicted(pending("poison", "-b"), 10)


def test_blame_is_shared_and_a_good_end_clears_it() -> None:
    suspects = Suspects()
    for now in range(5):
        suspects.record_death([pending("poison"), pending("hi")], now)
    suspects.clear(pending("hi"))
    suspects.record_death([pending("poison"), pending("hi")], 6)
    assert suspects.is_convicted(pending("poison"), 7)
    assert not suspects.is_convicted(pending("hi"), 7)


def test_it_is_tried_again_after_a_while() -> None:
    suspects = Suspects()
    for now in range(int(MAX_BLAME)):
        suspects.record_death([pending("poison")], now)
    assert suspects.is_convicted(pending("poison"), FORGET_S)
    assert not suspects.is_convicted(pending("poison"), MAX_BLAME + FORGET_S)
