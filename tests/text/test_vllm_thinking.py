"""A tiny Llama whose template opens a thought, on vLLM: the thought ends at its bound, the answer has its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.text.in_environments import ask, served, text_of
from tests.tiny_llama import ANSWERS, TEMPLATE
from workers.client import Client
from workers.engines.text.vllm_engine import LATE
from workers.messages import Event, Finished, Generate, Thinking
from workers.messages.folds import thought_of

from .test_hf_thinking import CLOSING, OPENING

pytestmark = [
    pytest.mark.torch,
    pytest.mark.env("vllm-cpu"),
    pytest.mark.slow,
    pytest.mark.timeout(600),
]
FRANCE = next(iter(ANSWERS))
NUM_ANSWER = 9


@pytest.fixture(scope="module")
def client(tiny_llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("thinker")
    shutil.copytree(tiny_llama, folder, dirs_exist_ok=True)
    (folder / "chat_template.jinja").write_text(CLOSING + TEMPLATE + OPENING)
    with served(tmp_path_factory.mktemp("vllm"), "vllm-cpu", thinker=folder) as client:
        yield client


def asked(budget: int | None, *, is_on: bool = True) -> Generate:
    request = ask(FRANCE, max_tokens=NUM_ANSWER, ignore_eos=True)
    return replace(request, thinking=Thinking(is_on=is_on, max_tokens=budget))


def end_of(events: tuple[Event, ...]) -> Finished:
    end = events[-1]
    assert isinstance(end, Finished)
    return end


@pytest.mark.parametrize("budget", [5, 30])  # the newline that the template writes counts, too
def test_a_thought_ends_at_its_bound_and_takes_nothing_from_the_answer(
    client: Client, budget: int
) -> None:
    events = client.run(asked(budget))
    usage = end_of(events).usage
    assert thought_of(events)
    assert text_of(events)
    assert "</think>" not in thought_of(events) + text_of(events)
    assert usage.thinking_tokens <= budget + len("</think>") + LATE
    num_answer = usage.completion_tokens - usage.thinking_tokens
    assert NUM_ANSWER <= num_answer <= NUM_ANSWER + 4  # the last one's characters may have several


def test_without_a_bound_it_thinks_as_long_as_it_may(client: Client) -> None:
    events = client.run(asked(None))
    assert thought_of(events)
    assert text_of(events) == ""
    assert end_of(events).reason == "length"


def test_a_bound_leaves_an_answer_without_thoughts_as_it_was(client: Client) -> None:
    request = replace(ask(FRANCE), thinking=Thinking(is_on=False, max_tokens=5))
    events = client.run(request)
    assert (thought_of(events), text_of(events)) == ("", ANSWERS[FRANCE])
