"""Meaning and words make one order; identifiers are found by their parts; copies are one passage."""

from __future__ import annotations

import pytest

from workers.engines.rag.duplicates import groups
from workers.engines.rag.fusion import fuse
from workers.engines.rag.lexical import MAX_WORDS, parts_of, query_words, title_of

SENTENCE = (
    "You may reproduce and distribute copies of the Work in any medium, with or without changes, "
    "provided that you give any other recipients a copy of this License and keep all notices."
)


def test_what_both_sides_find_comes_first() -> None:
    matches = fuse({"near": 0.6, "both": 0.55, "far": 0.1}, {"both": 7.0, "far": 1.0})
    assert list(matches) == ["both", "near", "far"]
    assert all(0.0 <= match <= 1.0 for match in matches.values())


def test_a_rare_word_lifts_what_is_hardly_near() -> None:
    cosines = {f"near{at}": 0.5 - at / 100 for at in range(20)} | {"word": 0.42}
    assert next(iter(fuse(cosines, {"word": 9.0}))) == "word"


def test_scores_that_are_all_equal_decide_nothing() -> None:
    assert list(fuse({"a": 0.3, "b": 0.3}, {"b": 2.0})) == ["b", "a"]
    assert list(fuse({"a": 0.4, "b": 0.3}, {})) == ["a", "b"]
    assert fuse({}, {}) == {}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("maxKeepaliveConnections", "max Keepalive Connections"),
        ("max_open", "max open"),
        ("HTTPError", "HTTP Error"),
        ("sha256", "sha 256"),
        ("plain words only", ""),
        ("GRÖSSE größeInÖl", "größe In Öl"),
    ],
)
def test_identifiers_come_apart_and_words_do_not(text: str, parts: str) -> None:
    assert parts_of(text) == parts


def test_a_name_is_words_too() -> None:
    assert title_of("read_me-first.md").split()[:4] == ["read", "me", "first", "md"]
    assert "Handbook" in title_of("AnnualHandbook2024.pdf").split()


def test_a_question_is_looked_up_by_its_rare_words_once_each() -> None:
    assert query_words("What is the maxOpen, and the maxOpen of it?") == ["maxopen", "max", "open"]
    assert query_words("What is it?") == []
    assert len(query_words(" ".join(f"word{at}" for at in range(999)))) == MAX_WORDS


def test_copies_are_one_passage_and_relatives_are_not() -> None:
    copy = SENTENCE.replace("any other recipients", "all other recipients")
    other = "Permission is granted to use, copy and change this software for any purpose."
    found = groups([("a", SENTENCE), ("x", other), ("b", copy), ("c", SENTENCE)], most=9)
    assert found == [["a", "b", "c"], ["x"]]


def test_grouping_ends_where_enough_is_found() -> None:
    texts = [(str(at), f"passage number {at} speaks of something else {at}") for at in range(9)]
    assert groups(texts, most=2) == [["0"], ["1"]]
    assert groups([], most=2) == []
