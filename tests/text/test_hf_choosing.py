"""How a model on transformers chooses its tokens: sampling, penalties, logprobs, schemas, grammars."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.tiny_llama import ANSWERS
from workers.engines.common.torch.sampling import Sampler
from workers.engines.text.worker import TextWorker
from workers.messages import (
    Constraint,
    SamplingParams,
    TextDelta,
    Tool,
    ToolCallDelta,
)
from workers.messages.errors import UnsupportedInputError

from .hf_asking import (
    FRANCE,
    WEATHER,
    Load,
    ask,
    end_of,
    engine_of,
    run,
    text_of,
)

pytestmark = pytest.mark.torch


@pytest.fixture
def worker(hf_worker: TextWorker) -> TextWorker:
    return hf_worker


def test_a_seed_repeats_an_answer_and_others_differ(worker: TextWorker) -> None:
    def sample(seed: int) -> str:
        hot = {"temperature": 2.0, "top_p": 1.0, "top_k": 0, "min_p": 0.0, "max_tokens": 12}
        return text_of(run(worker, ask("Sing!", seed=seed, **hot)))

    assert sample(7) == sample(7)
    assert len({sample(seed) for seed in range(4)}) > 1


@pytest.mark.parametrize(
    "sampling",
    [{"top_k": 1}, {"top_p": 0.01}, {"min_p": 1.0}, {"typical_p": 0.01, "temperature": 1.0}],
    ids=str,
)
def test_filters_keep_the_likeliest_at_any_temperature(
    worker: TextWorker, sampling: dict[str, Any]
) -> None:
    loose = {"temperature": 2.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0, **sampling}
    assert text_of(run(worker, ask(FRANCE, **loose))) == ANSWERS[FRANCE]


@pytest.mark.parametrize(
    "sampling",
    [
        {"repeat_penalty": 2.0},
        {"presence_penalty": 1.5},
        {"frequency_penalty": 0.75},
        {"logit_bias": ((3, -2.0), (10**6, 5.0))},
    ],
    ids=str,
)
def test_penalties_and_biases_move_the_choice_to_the_next_best(sampling: dict[str, Any]) -> None:
    import torch

    sampler = Sampler(SamplingParams(**{"temperature": 0, "repeat_penalty": 1.0, **sampling}))
    logits = torch.tensor([[0.0, 1.0, 2.0, 3.0]])
    sampler._num_prompt = 1
    chosen = sampler(torch.tensor([[0, 3, 3]]), logits).argmax()
    assert (int(chosen), sampler.choices[0].token_id) == (2, 2)
    assert logits.tolist() == [[0.0, 1.0, 2.0, 3.0]]


def test_logprobs_are_those_of_the_model(worker: TextWorker) -> None:
    events = run(worker, ask(FRANCE, num_logprobs=3))
    tokens = [token for e in events if isinstance(e, TextDelta) for token in e.logprobs]
    assert "".join(token.token for token in tokens) == ANSWERS[FRANCE]
    assert all(token.top[0] == (token.token, token.logprob) for token in tokens)
    assert all(len(token.top) == 3 and -0.5 < token.logprob <= 0 for token in tokens)
    assert sum(token.logprob for token in tokens) == pytest.approx(_by_hand(worker), abs=1e-3)


def _by_hand(worker: TextWorker) -> float:
    """Log-probability of the whole answer to FRANCE, from one pass through the model."""
    import torch

    engine = engine_of(worker)
    head, _ = engine._prompts.encode(ask(FRANCE))
    tail = engine._writer.tokenizer(ANSWERS[FRANCE]).input_ids
    with torch.no_grad():
        logits = engine._writer._model(input_ids=torch.tensor([head + tail])).logits[0]
    rows = logits.log_softmax(-1)[len(head) - 1 : -1]
    return float(rows.gather(1, torch.tensor(tail)[:, None]).sum())


def test_tools_are_shown_and_a_call_is_heard(load: Load, worker: TextWorker) -> None:
    tool = Tool(name="get_weather", parameters='{"type": "object", "properties": {"city": {}}}')
    shown, _ = engine_of(worker)._prompts.encode(replace(ask(WEATHER), tools=(tool,)))
    assert "get_weather" in engine_of(worker)._writer.tokenizer.decode(shown)
    request = replace(ask(WEATHER), tools=(tool,), tool_choice="get_weather")
    events = run(worker, request)
    calls = [event for event in events if isinstance(event, ToolCallDelta)]
    assert calls[0].name == "get_weather"
    assert isinstance(json.loads(calls[1].arguments), dict)
    assert end_of(events).reason == "tool_calls"


@pytest.mark.parametrize(
    ("kind", "text", "question"),
    [
        ("schema", '{"type": "object", "properties": {"n": {"type": "integer", "maximum": 9}}, '
                   '"required": ["n"], "additionalProperties": false}', FRANCE),
        ("json", "", WEATHER),
    ],
)  # fmt: skip
def test_json_is_enforced(worker: TextWorker, kind: Any, text: str, question: str) -> None:
    request = replace(ask(question), constraint=Constraint(kind=kind, text=text))
    value = json.loads(text_of(run(worker, request)))
    assert isinstance(value, dict)
    assert kind == "json" or (list(value) == ["n"] and value["n"] <= 9)


def test_a_grammar_is_enforced(worker: TextWorker) -> None:
    grammar = Constraint(kind="grammar", text='root ::= "yes" | "no"')
    assert text_of(run(worker, replace(ask(FRANCE), constraint=grammar))) in ("yes", "no")


@pytest.mark.parametrize("text", ["root ::= other", 'root ::= "a'])
def test_a_broken_grammar_is_refused(worker: TextWorker, text: str) -> None:
    grammar = Constraint(kind="grammar", text=text)
    with pytest.raises(UnsupportedInputError):
        run(worker, replace(ask(FRANCE), constraint=grammar))


def test_mirostat_is_refused_in_a_sentence(worker: TextWorker) -> None:
    with pytest.raises(UnsupportedInputError, match="mirostat is 2"):
        run(worker, ask(FRANCE, mirostat=2))
