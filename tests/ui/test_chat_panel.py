"""What an empty chat says about where words go, and what is typed as it was typed."""

from __future__ import annotations

import pytest

from configs.catalogue import load_catalogue
from ui.core.formulas import LATEX_DELIMITERS
from ui.text.layout import empty_html


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("package:a==1/a", "nothing you write leaves it"),
        ("remote:http://127.0.0.1:11434/v1", "nothing you write leaves it"),
        ("remote:https://api.openai.com/v1", "runs at api.openai.com: what you write is sent"),
    ],
)
def test_a_remote_model_is_named_as_such(source: str, sentence: str) -> None:
    card = load_catalogue()["smollm2-135m-instruct"].model_copy(update={"source": source})
    assert sentence in empty_html(card)


def test_single_dollars_are_money() -> None:
    assert "$" not in {one["left"] for one in LATEX_DELIMITERS}
