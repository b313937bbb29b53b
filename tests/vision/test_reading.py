"""Reading order and rows, on boxes without pixels."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.media.reading_order import reading_order, rows
from workers.messages import TextLine


def line(text: str, x: float, y: float, width: float, height: float = 20) -> TextLine:
    box = ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
    return TextLine(text=text, box=box, confidence=1.0)


def turn(item: TextLine, degrees: float) -> TextLine:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    box = tuple((x * cos - y * sin, x * sin + y * cos) for x, y in item.box)
    return TextLine(text=item.text, box=box, confidence=item.confidence)


TABLE = [
    [line("Coffee", 10, 10, 70), line("3.50", 300, 12, 40)],
    [line("Tea with lemon", 10, 40, 150), line("2.80", 300, 39, 40)],
    [line("Cake", 10, 70, 50), line("4.20", 300, 71, 40)],
    [line("Sum", 10, 100, 40), line("10.50", 290, 100, 50)],
]
LEFT = [line(f"left {n} of the article", 10, 60 + 30 * n, 300) for n in range(5)]
RIGHT = [line(f"right {n} of the article", 340, 60 + 30 * n, 300) for n in range(5)]
TITLE = line("A title across both columns", 10, 10, 600, 30)


def texts(lines: object) -> list[str]:
    return [item.text for item in lines]  # type: ignore[attr-defined]


@pytest.mark.parametrize("degrees", [0, 6, -8, 90, 180, 270])
def test_a_table_is_read_row_by_row_however_it_is_turned(degrees: float) -> None:
    items = [turn(item, degrees) for row in TABLE for item in row]
    random.Random(1).shuffle(items)
    found = rows(reading_order(tuple(items)))
    assert [texts(row) for row in found] == [texts(row) for row in TABLE]


def test_columns_of_text_are_read_one_after_the_other() -> None:
    items = [item for pair in zip(LEFT, RIGHT, strict=True) for item in pair]
    assert texts(reading_order((*items, TITLE))) == texts([TITLE, *LEFT, *RIGHT])


def test_a_heading_between_two_pairs_of_columns_separates_them() -> None:
    below = [
        line(f"below {side} {n}", x, 300 + 30 * n, 280)
        for n in range(3)
        for side, x in (("left", 10), ("right", 340))
    ]
    heading = line("A heading across the whole page", 10, 240, 620)
    order = texts(reading_order((*below, *LEFT, *RIGHT, heading)))
    assert order[:11] == texts([*LEFT, *RIGHT, heading])
    assert order[11:] == [f"below {side} {n}" for side in ("left", "right") for n in range(3)]


def test_ragged_columns_keep_their_long_lines() -> None:
    ragged = [line(f"ragged {n}", 10, 60 + 30 * n, 180 + 20 * n) for n in range(6)]
    order = texts(reading_order((*RIGHT, *ragged)))
    assert order == texts([*ragged, *RIGHT])


@given(
    st.lists(
        st.tuples(*[st.integers(0, 2000)] * 2, st.integers(1, 900), st.integers(1, 80)),
        max_size=25,
    )
)
def test_no_line_is_lost_or_doubled(boxes: list[tuple[int, int, int, int]]) -> None:
    items = tuple(line(str(n), *box) for n, box in enumerate(boxes))
    ordered = reading_order(items)
    assert sorted(texts(ordered)) == sorted(texts(items))
    assert [text for row in rows(ordered) for text in texts(row)] == texts(ordered)
