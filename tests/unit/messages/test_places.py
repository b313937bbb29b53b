"""Where a passage stands, in words."""

from __future__ import annotations

import pytest

from workers.messages.places import place_in, place_words


@pytest.mark.parametrize(
    ("page", "place", "words"),
    [
        (7, {}, "page 7"),
        (None, {"slide": "3"}, "slide 3"),
        (
            None,
            {"message": "2", "attachment": "a.pdf", "page": "4"},
            "message 2, attachment a.pdf, page 4",
        ),
        (None, {"time": "0:00:01–0:00:04"}, "0:00:01–0:00:04"),
        (None, {"part": "header"}, "header"),
        (None, {"other": "x"}, ""),
        (None, {}, ""),
    ],
)
def test_a_place_is_said(page: int | None, place: dict[str, str], words: str) -> None:
    assert place_words(page, place) == words
    assert place_in("a.b", page, place) == (f"a.b, {words}" if words else "a.b")
