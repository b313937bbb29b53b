"""Amounts as a person reads them."""

from __future__ import annotations

import pytest

from workers.messages.amounts import (
    done_words,
    fine_size_words,
    memory_words,
    pace_words,
    share_words,
    size_words,
)

GB = 1_000_000_000


@pytest.mark.parametrize(
    ("num_bytes", "words"),
    [
        (0, "0 GB"), (1, "1 kB"), (433_000, "433 kB"), (1_500_000, "1.5 MB"), (22_000_000, "22 MB"),
        (49_000_000, "49 MB"), (94_000_000, "0.1 GB"), (2_740_937_888, "2.7 GB"),
        (1_234 * GB, "1,234.0 GB"),
    ],
)  # fmt: skip
def test_sizes_are_decimal_with_one_digit(num_bytes: int, words: str) -> None:
    assert size_words(num_bytes) == words


def test_sizes_that_are_compared_say_more_below_a_gb() -> None:
    assert [fine_size_words(size) for size in (537_000_000, 94_000_000, 2 * GB)] == [
        "537 MB", "94 MB", "2.0 GB",
    ]  # fmt: skip


def test_memory_is_counted_in_mib_and_said_in_gb() -> None:
    assert memory_words(2350) == "2.5 GB"
    assert share_words(1812, 16212) == "1.9 of 17.0 GB"


@pytest.mark.parametrize(
    ("done", "total", "words"),
    [
        (1_600_000_000, 4_100_000_000, "1.6 of 4.1 GB"),
        (12_000_000, 94_000_000, "12 of 94 MB"),
        (500_000, 2_000_000, "0.5 of 2.0 MB"),
        (12_000_000, None, "12 MB"),
    ],
)
def test_what_has_come_is_said_in_the_unit_of_the_whole(
    done: int, total: int | None, words: str
) -> None:
    assert done_words(done, total) == words


@pytest.mark.parametrize(
    ("times", "words"),
    [
        (1.31, "1.3× faster than real time"), (14.2, "14× faster than real time"),
        (0.5, "2.0× slower than real time"), (1.0, "as fast as real time"),
        (0.98, "as fast as real time"),
    ],
)  # fmt: skip
def test_the_pace_of_sound_is_said_in_plain_words(times: float, words: str) -> None:
    assert pace_words(times) == words
