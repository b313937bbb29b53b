"""The benchmark of retrieval: its questions are enough and halved by rule, its figures are right."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.finding.corpora import CORPORA
from benchmarks.finding.questions import load_questions
from workers.flows.collection_test.metrics import figures


def test_there_are_enough_questions_of_each_kind_in_both_halves() -> None:
    questions = load_questions()
    kinds = Counter(question.kind for question in questions)
    assert kinds["answerable"] >= 200
    assert kinds["near"] >= 40
    assert kinds["off"] >= 40
    assert len({question.text for question in questions}) == len(questions)
    corpora = {question.corpus for question in questions if question.kind == "answerable"}
    assert corpora == set(CORPORA)
    for kind in kinds:
        held = sum(question.half == "held" for question in questions if question.kind == kind)
        assert 0.3 <= held / kinds[kind] <= 0.7


def test_every_answerable_question_names_its_passage_and_no_other_does() -> None:
    for question in load_questions():
        assert bool(question.passage and question.file) == (question.kind == "answerable")


def test_figures_of_rankings_that_can_be_reckoned_by_hand() -> None:
    found = figures([[True, False], [False, True], [False] * 12], [1, 1, 1])
    assert found.hit_1 == pytest.approx(1 / 3)
    assert found.hit_3 == found.hit_5 == pytest.approx(2 / 3)
    assert found.mrr == pytest.approx((1 + 0.5) / 3)
    assert found.ndcg == pytest.approx((1 + 0.6309) / 3, abs=1e-4)


def test_what_stands_below_the_tenth_place_counts_for_nothing() -> None:
    found = figures([[False] * 10 + [True]], [1])
    assert (found.hit_5, found.mrr, found.ndcg) == (0.0, 0.0, 0.0)
