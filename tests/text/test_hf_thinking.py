"""A tiny Llama whose template opens a thought, on transformers: what is thought, what is answered."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tiny_llama import ANSWERS, TEMPLATE
from workers.engines.text.hf_thoughts import ThoughtMask
from workers.engines.text.thoughts import FAMILIES
from workers.engines.text.worker import TextWorker
from workers.messages import Constraint, Thinking
from workers.messages.folds import thought_of

from .hf_asking import FRANCE, Load, ask, end_of, run, text_of

pytestmark = pytest.mark.torch

OPENING = "{% if add_generation_prompt and enable_thinking is not false %}<think>\n{% endif %}"
CLOSING = "{# ends with </think> #}"


@pytest.fixture(scope="module")
def thinker(
    load: Load, tiny_llama: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TextWorker]:
    folder = tmp_path_factory.mktemp("thinker")
    shutil.copytree(tiny_llama, folder, dirs_exist_ok=True)
    (folder / "chat_template.jinja").write_text(CLOSING + TEMPLATE + OPENING)
    worker, ready = load(folder=folder)
    assert "thinks" in ready.capabilities
    yield worker
    worker.close()


def test_a_thought_without_end_is_no_answer(thinker: TextWorker) -> None:
    events = run(thinker, ask(FRANCE, max_tokens=12, ignore_eos=True))
    end = end_of(events)
    assert thought_of(events)
    assert text_of(events) == ""
    assert end.reason == "length"
    assert end.usage.thinking_tokens in (11, 12)  # the last may be half a character


def test_thoughts_switched_off_leave_the_answer_as_it_was(thinker: TextWorker) -> None:
    events = run(thinker, replace(ask(FRANCE), thinking=Thinking(is_on=False)))
    assert (thought_of(events), text_of(events)) == ("", ANSWERS[FRANCE])
    assert end_of(events).usage.thinking_tokens == 0


@pytest.mark.parametrize("budget", [1, 5, 30])
def test_a_thought_ends_at_its_bound_and_takes_nothing_from_the_answer(
    thinker: TextWorker, budget: int
) -> None:
    request = ask(FRANCE, max_tokens=9, ignore_eos=True)
    events = run(thinker, replace(request, thinking=Thinking(is_on=True, max_tokens=budget)))
    usage = end_of(events).usage
    assert thought_of(events)
    assert text_of(events)
    assert "</think>" not in thought_of(events) + text_of(events)
    assert usage.completion_tokens - usage.thinking_tokens in (9, 10)
    assert usage.thinking_tokens <= budget + len("</think>")
    assert end_of(events).reason == "length"


def test_a_schema_binds_the_answer_and_not_the_thought(thinker: TextWorker) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    constraint = Constraint(kind="schema", text=json.dumps(schema))
    request = replace(
        ask(FRANCE, max_tokens=60),
        constraint=constraint,
        thinking=Thinking(is_on=True, max_tokens=4),
    )
    events = run(thinker, request)
    assert thought_of(events)
    assert text_of(events).lstrip().startswith("{")


class Forgetful:
    """A tokenizer whose tokens of a tag do not give the tag back."""

    def encode(self, _text: str, *, add_special_tokens: bool) -> list[int]:
        return [5, 6]

    def decode(self, _ids: list[int]) -> str:
        return "?"


def test_a_tag_that_is_not_given_back_ends_the_thought_all_the_same() -> None:
    mask = ThoughtMask(Forgetful(), FAMILIES[0], None, is_open=True, max_tokens=2)
    said = []
    for _ in range(6):
        allowed = mask.allowed(9)
        said.append(int(allowed.nonzero()[0]) if allowed.sum() == 1 else 8)
        mask.accept(said[-1])
    assert said == [8, 8, 5, 6, 8, 8]
