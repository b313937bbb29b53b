"""A question is refused where distance and words agree, or where nothing has the name that it asks for."""

from __future__ import annotations

import pytest

from workers.flows.off_topic import off_topic
from workers.messages import Grounds
from workers.messages.names import names_in


@pytest.mark.parametrize(
    ("nearest", "coverage", "missing", "is_off"),
    [
        (0.20, 0.1, (), True),
        (0.35, 0.1, (), False),
        (0.20, 0.6, (), False),
        (0.70, 0.6, ("Redis",), True),
    ],
)
def test_a_question_is_off_topic_only_where_distance_and_words_agree(
    nearest: float, coverage: float, missing: tuple[str, ...], is_off: bool
) -> None:
    grounds = Grounds(nearest=nearest, floor=0.3, coverage=coverage, missing=missing)
    assert off_topic(grounds) is is_off


def test_what_nobody_has_weighed_is_not_refused() -> None:
    assert not off_topic(None)


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Which Redis version does the pool use?", ["Redis"]),
        ("How do I use h11 with HTTP/3?", ["HTTP/3"]),
        ("Does it run on Ewan's iPhone? Or elsewhere?", ["Ewan", "iPhone"]),
        ("When does the boat leave?", []),
        ("Wann fährt das Boot zur Insel?", []),
        ("Wo liegt die Datei K-4471 im Hafen?", ["K-4471"]),
        ("", []),
    ],
)
def test_names_are_seen_but_not_in_every_german_noun(question: str, names: list[str]) -> None:
    assert names_in(question) == names
