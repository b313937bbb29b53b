"""A passage is found among the words of its page, whatever blanks and hyphens are between."""

from __future__ import annotations

from workers.engines.rag.marking import Unit, boxes_of

LINES = (
    "The lamp was lit by the keeper at dusk, and his illumi-",
    "nation of the harbour lasted until the morning.",
    "Nobody was paid for it. The boats of the harbour",
    "left at nine and came home with the tide.",
)


def units(lines: tuple[str, ...] = LINES) -> list[Unit]:
    """Words of a page that is 100 letters wide and 10 lines high."""
    placed: list[Unit] = []
    for number, line in enumerate(lines):
        at = 0
        for word in line.split():
            placed.append((word, (at / 100, number / 10, len(word) / 100, 0.08), number))
            at += len(word) + 1
    return placed


def rounded(passage: str) -> list[tuple[float, float, float]]:
    """Left, right and line of each box."""
    boxes = boxes_of(units(), passage)
    return [(round(x * 100), round((x + w) * 100), round(y * 10)) for x, y, w, _ in boxes]


def test_a_sentence_over_two_lines_gets_a_box_for_each() -> None:
    passage = "his illumination of the harbour lasted until the morning."
    assert rounded(passage) == [(44, 55, 0), (0, 47, 1)]


def test_other_blanks_and_cases_do_not_matter() -> None:
    assert rounded("NOBODY was\npaid  for it") == [(0, 23, 2)]


def test_the_same_few_words_elsewhere_are_not_marked() -> None:
    passage = "The boats of the harbour left at nine and came home with the tide."
    assert {line for _, _, line in rounded(passage)} == {2, 3}


def test_what_is_not_there_is_not_marked() -> None:
    assert boxes_of(units(), "Penguins are fond of chocolate and ice.") == ()
    assert boxes_of(units(), "") == ()
    assert boxes_of([], "The lamp was lit") == ()
