"""A tiny Llama through vLLM, from its own environment: what it says, alone and with others, and Stop.

On a GPU: quintet env create vllm, then make test TESTS=tests/text/test_vllm.py ARGS="-m gpu".
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.text.in_environments import ask, served, text_of
from tests.tiny_llama import ANSWERS, CONTEXT_TOKENS
from workers.client import Client
from workers.messages import Constraint, Finished, TextDelta
from workers.messages.errors import ContextTooLongError, UnsupportedInputError

pytestmark = [
    pytest.mark.torch,
    pytest.mark.env("vllm-cpu"),
    pytest.mark.slow,
    pytest.mark.timeout(600),
]
FRANCE, JAPANESE, COUNT, WEATHER, ALPHABET = ANSWERS


@pytest.fixture(scope="module", params=["vllm-cpu", pytest.param("vllm", marks=pytest.mark.gpu)])
def client(
    request: pytest.FixtureRequest, tiny_llama: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    with served(tmp_path_factory.mktemp("vllm"), request.param, tiny=tiny_llama) as client:
        yield client


def test_every_answer_is_right(client: Client) -> None:
    assert {question: text_of(client.run(ask(question))) for question in ANSWERS} == ANSWERS
    ready = client.ready("text")
    assert ready is not None
    assert (ready.context_length, ready.slots) == (CONTEXT_TOKENS, 2)


def test_it_streams_a_token_at_a_time_and_counts_them(client: Client) -> None:
    events = client.run(ask(ALPHABET))
    assert sum(isinstance(event, TextDelta) for event in events) > 10
    end = events[-1]
    assert isinstance(end, Finished)
    assert end.reason == "stop"
    assert end.usage.completion_tokens > 20
    assert end.usage.prompt_tokens > 5


def test_a_stop_sequence_and_a_length_end_it(client: Client) -> None:
    assert text_of(client.run(ask(COUNT, stop=(" four",)))) == "one two three"
    short = client.run(ask(COUNT, max_tokens=2))
    assert isinstance(short[-1], Finished)
    assert (short[-1].reason, short[-1].usage.completion_tokens) == ("length", 2)


def test_logprobs_name_the_token_and_its_rivals(client: Client) -> None:
    events = client.run(ask(FRANCE, max_tokens=3, num_logprobs=2))
    tokens = [token for event in events if isinstance(event, TextDelta) for token in event.logprobs]
    assert len(tokens) == 3
    assert "".join(token.token for token in tokens) == text_of(events)
    assert all(len(token.top) == 2 and token.top[0][1] >= token.top[1][1] for token in tokens)


def test_the_same_seed_says_the_same_and_more_than_greed(client: Client) -> None:
    hot: dict[str, Any] = {
        "temperature": 2.0,
        "top_k": 0,
        "top_p": 1.0,
        "min_p": 0.0,
        "max_tokens": 80,
        "ignore_eos": True,
    }
    said = [text_of(client.run(ask(FRANCE, seed=seed, **hot))) for seed in (5, 5, 6)]
    assert said[0] == said[1] != said[2]
    likeliest = ask(FRANCE, temperature=2.0, top_k=0, top_p=0.0, min_p=0.0)
    assert text_of(client.run(likeliest)) == ANSWERS[FRANCE]


def test_two_at_once_do_not_mix_and_a_closed_one_frees_its_place(client: Client) -> None:
    answers: dict[str, str] = {}

    def converse(question: str) -> None:
        answers[question] = text_of(client.run(ask(question)))

    endless = client.stream(ask(COUNT, ignore_eos=True, max_tokens=400))
    next(event for event in endless if isinstance(event, TextDelta))
    threads = [threading.Thread(target=converse, args=(question,)) for question in ANSWERS]
    for thread in threads:
        thread.start()
    threads[0].join(60)
    endless.close()
    for thread in threads:
        thread.join(60)
    assert answers == ANSWERS


def test_an_answer_follows_a_schema(client: Client) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"],
              "additionalProperties": False}  # fmt: skip
    constraint = Constraint(kind="schema", text=json.dumps(schema))
    said = text_of(client.run(replace(ask(COUNT, max_tokens=200), constraint=constraint)))
    assert said.lstrip().startswith("{")


def test_what_it_cannot_do_is_refused_in_a_sentence_and_harms_nobody(client: Client) -> None:
    with pytest.raises(UnsupportedInputError, match="mirostat is 2: models on vLLM"):
        client.run(ask(FRANCE, mirostat=2))
    broken = Constraint(kind="grammar", text="root ::= (")
    with pytest.raises(UnsupportedInputError, match="vLLM cannot"):
        client.run(replace(ask(FRANCE), constraint=broken))
    with pytest.raises(ContextTooLongError, match=f"the model's context holds {CONTEXT_TOKENS}"):
        client.run(ask("word " * 600))
    assert text_of(client.run(ask(FRANCE))) == ANSWERS[FRANCE]
