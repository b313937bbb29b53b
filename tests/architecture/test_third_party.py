"""Every model that comes with an installation has its licence in the notice."""

from __future__ import annotations

from pathlib import Path

import pytest

from configs.catalogue import ModelCard, load_catalogue

NOTICE = (Path(__file__).parents[2] / "THIRD_PARTY.md").read_text("utf-8")
CARDS = [card for card in load_catalogue().values() if card.source.startswith("package:")]


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)
def test_the_notice_names_each_model_with_its_licence(card: ModelCard) -> None:
    rows = [line for line in NOTICE.splitlines() if f"`{card.id}`" in line]
    assert len(rows) == 1
    assert card.license.removesuffix(" (data)") in rows[0]
    assert card.license_url in rows[0]
