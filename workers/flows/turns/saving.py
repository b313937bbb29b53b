"""What it has saved that a model was not asked: tokens, and money where its card has a price. Pure."""

from __future__ import annotations

from typing import Any

from configs.catalogue import ModelCard
from workers.messages import Usage

MILLION = 1_000_000


def saved_by_not_asking(card: ModelCard, usage: Usage) -> dict[str, Any]:
    """Return what `card` would have cost for an answer that took `usage` of another model, as JSON.

    About: it would have counted other tokens, and written another answer. `money` is in `currency`.
    """
    saved: dict[str, Any] = {
        "model": card.id,
        "name": card.name,
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "tokens": usage.prompt_tokens + usage.completion_tokens,
    }
    if card.price is not None:
        read = usage.prompt_tokens * card.price.input_per_m
        written = usage.completion_tokens * card.price.output_per_m
        saved |= {"money": round((read + written) / MILLION, 8), "currency": card.price.currency}
    return saved


def words_of_saved(saved: dict[str, Any]) -> str:
    """Return it for people: "about 0.4 ct and 210 tokens of GPT-4o saved"; without a price, that it has none."""
    tokens = f"{saved['tokens']:,} tokens of {saved['name']}"
    if "money" not in saved:
        return f"about {tokens} saved (its card names no price)"
    return f"about {amount(saved['money'], saved['currency'])} and {tokens} saved"


def amount(money: float, currency: str) -> str:
    """Return a sum of money: small ones of dollars and euros in cents."""
    sign = {"USD": "$", "EUR": "€"}.get(currency)
    if sign is None:
        return f"{money:.4g} {currency}"
    if money >= 1:
        return f"{sign}{money:.2f}"
    cents = money * 100
    return f"{cents:.1f} ct" if cents >= 0.1 else "less than 0.1 ct"
