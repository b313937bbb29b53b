"""Thoughts in llama.cpp: told from the answer, switched, bounded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from workers.engines.text.llamacpp import LlamaCppEngine
from workers.engines.text.worker import TextWorker
from workers.messages import Generate, Thinking
from workers.messages.folds import thought_of
from workers.messages.process_spec import WorkerSettings

from .conftest import answer, ask, end_of, text_of
from .thinking_gguf import thinking_card

CAPITAL = "What is the capital of France? Answer briefly."


@pytest.fixture(scope="module")
def thinker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TextWorker]:
    folder = tmp_path_factory.mktemp("thinker")
    worker = TextWorker(LlamaCppEngine())
    settings = WorkerSettings(
        card=thinking_card(folder), threads=2, slots=2, data_dir=folder / "data", limits={}
    )
    ready = worker.load(settings, lambda loading: None)
    assert "thinks" in ready.capabilities
    yield worker
    worker.close()


def thinking(is_on: bool | None, budget: int | None = None, **sampling: Any) -> Generate:
    return replace(ask(CAPITAL, **sampling), thinking=Thinking(is_on=is_on, max_tokens=budget))


@pytest.mark.parametrize("is_on", [None, True])
def test_a_template_that_opens_a_thought_is_heard(thinker: TextWorker, is_on: bool | None) -> None:
    events = answer(thinker, thinking(is_on, max_tokens=12, ignore_eos=True))
    end = end_of(events)
    assert thought_of(events)
    assert text_of(events) == ""
    assert end.reason == "length"
    assert 8 <= end.usage.thinking_tokens <= 12 == end.usage.completion_tokens


def test_thoughts_are_switched_off(thinker: TextWorker) -> None:
    events = answer(thinker, thinking(False))
    assert thought_of(events) == ""
    assert "Paris" in text_of(events)
    assert end_of(events).usage.thinking_tokens == 0


@pytest.mark.parametrize("seed", [None, 7])
@pytest.mark.parametrize("budget", [4, 25])
def test_a_bounded_thought_takes_nothing_from_the_answer(
    thinker: TextWorker, budget: int, seed: int | None
) -> None:
    events = answer(thinker, thinking(True, budget, max_tokens=9, ignore_eos=True, seed=seed))
    end = end_of(events)
    assert thought_of(events)
    assert text_of(events)
    assert "</think>" not in thought_of(events) + text_of(events)
    assert end.reason == "length"
    assert end.usage.thinking_tokens <= budget
    assert end.usage.completion_tokens <= budget + 9
    assert end.usage.prompt_tokens > 10


def test_an_answer_whose_thought_was_short_is_no_longer_than_was_asked(
    thinker: TextWorker,
) -> None:
    events = answer(thinker, thinking(False, 200, max_tokens=5, ignore_eos=True))
    end = end_of(events)
    assert end.reason == "length"
    assert end.usage.completion_tokens in (5, 6)
    assert end.usage.prompt_tokens > 10
