"""What LocalAI's model files want cut from an answer."""

from __future__ import annotations

import pytest

from api.core.cleanup import clean, cleaned
from configs.catalogue import load_catalogue
from workers.messages import Finished, TextDelta

CARD = load_catalogue()["smollm2-135m-instruct"]


@pytest.mark.parametrize(
    ("options", "text", "cleaned"),
    [
        ({}, "  as it is\n", "  as it is\n"),
        ({"cutstrings": ["<think>.*?</think>"]}, "<think>hm</think> Paris", " Paris"),
        ({"trimspace": ["Answer:", "A:"]}, "Answer: A: Paris ", "Paris"),
        ({"trimsuffix": ["</s>", "\n"]}, "Paris </s>", "Paris"),
        (
            {"cutstrings": ["x"], "trimspace": ["A:"], "trimsuffix": ["."]},
            "xA: Parxis.",
            "Paris",
        ),
    ],
)
def test_cut_then_prefix_then_suffix(
    options: dict[str, list[str]], text: str, cleaned: str
) -> None:
    assert clean(text, CARD.model_copy(update={"options": options})) == cleaned


def test_the_pieces_of_an_answer_become_one_only_where_something_is_cut() -> None:
    pieces = [
        TextDelta(request_id="r", text="A: Pa"),
        TextDelta(request_id="r", text="ris"),
        Finished(request_id="r"),
    ]
    assert cleaned(pieces, CARD) == pieces
    trimming = CARD.model_copy(update={"options": {"trimspace": ["A:"]}})
    assert cleaned(pieces, trimming) == [TextDelta(request_id="r", text="Paris"), pieces[-1]]
    assert cleaned(pieces[-1:], trimming) == pieces[-1:]
