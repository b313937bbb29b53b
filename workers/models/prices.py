"""What a model on another server costs, as a person writes it down: "2.5/10", "0.4 / 1.6 EUR". Pure.

Quintet knows no prices: they change, and whoever pays has them.
"""

from __future__ import annotations

import re

from configs.catalogue import ModelCard, Price
from workers.messages.errors import UnsupportedInputError

_PRICE = re.compile(
    r"\s*(?P<read>\d{1,9}(?:\.\d{1,9})?)\s*/\s*(?P<written>\d{1,9}(?:\.\d{1,9})?)\s*(?P<currency>[A-Za-z]{3})?\s*"
)
EXAMPLE = "2.5/10 or 2.5/10 EUR: of a million tokens that are read, and that are written"


def priced(card: ModelCard, text: str) -> ModelCard:
    """Return the card with its price; "" leaves it as it is. Raises: UnsupportedInputError."""
    if not text.strip():
        return card
    if not card.is_remote:
        raise UnsupportedInputError(
            f"{card.name} runs on this machine, where tokens cost nothing.", "Leave the price out."
        )
    found = _PRICE.fullmatch(text)
    if found is None:
        raise UnsupportedInputError(
            f"{text[:100]!r} is no price.", f"A price is written like {EXAMPLE}."
        )
    price = Price(
        input_per_m=float(found["read"]),
        output_per_m=float(found["written"]),
        currency=(found["currency"] or "USD").upper(),
    )
    return card.model_copy(update={"price": price})


def price_text(card: ModelCard) -> str:
    """Return a card's price as `priced` reads it; "": it says none."""
    price = card.price
    if price is None:
        return ""
    return f"{_plain(price.input_per_m)}/{_plain(price.output_per_m)} {price.currency}"


def _plain(amount: float) -> str:
    return f"{amount:.9f}".rstrip("0").rstrip(".")
