"""Prices as people write them."""

from __future__ import annotations

import pytest

from tests.unit.flows.scripted_client import LOCAL, REMOTE, text_card
from workers.messages.errors import UnsupportedInputError
from workers.models.prices import price_text, priced

PAID = text_card(REMOTE, "remote:https://far.example/v1")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2.5/10", "2.5/10 USD"),
        (" 0.40 / 1.6 eur ", "0.4/1.6 EUR"),
        ("0/0", "0/0 USD"),
        ("0.000001/1", "0.000001/1 USD"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_a_price_is_read_and_said_again(text: str, said: str) -> None:
    card = priced(PAID, text)
    assert price_text(card) == said
    assert price_text(priced(PAID, said)) == said


@pytest.mark.parametrize("text", ["2.5", "a/b", "-1/2", "1/2 Euro", "1e9/2", "1/2/3", "2,5/10"])
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(UnsupportedInputError, match="is no price"):
        priced(PAID, text)


def test_what_runs_here_costs_nothing() -> None:
    with pytest.raises(UnsupportedInputError, match="tokens cost nothing"):
        priced(text_card(LOCAL), "1/2")
    assert priced(text_card(LOCAL), "").price is None
