"""A tiny Llama, quantised to GPTQ and to AWQ, answers from the environment gptq as it did before."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.text.in_environments import ask, served, text_of
from tests.text.pack_awq import pack_awq
from tests.tiny_llama import ANSWERS
from tests.tts.environment import give_environment
from workers.client import Client
from workers.messages import Finished, TextDelta
from workers.messages.errors import LoadError

pytestmark = [
    pytest.mark.torch,
    pytest.mark.env("gptq"),
    pytest.mark.slow,
    pytest.mark.timeout(600),
]
FRANCE, JAPANESE, COUNT, WEATHER, ALPHABET = ANSWERS


@pytest.fixture(scope="module")
def client(tiny_llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("quantised")
    python = give_environment("gptq", folder / "making")
    texts = [
        f"<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n{answer}<|im_end|>\n"
        for question, answer in ANSWERS.items()
    ]
    (folder / "texts.json").write_text(json.dumps(texts * 8), encoding="utf-8")
    script = Path(__file__).with_name("quantize_gptq.py")
    command = [python, script, tiny_llama, folder / "gptq", folder / "texts.json"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    awq = pack_awq(tiny_llama, folder / "awq")
    with served(folder / "data", "gptq", gptq=folder / "gptq", awq=awq, plain=tiny_llama) as client:
        yield client


def test_every_answer_of_gptq_is_the_one_of_the_plain_weights(client: Client) -> None:
    assert {question: text_of(client.run(ask(question, "gptq"))) for question in ANSWERS} == ANSWERS
    ready = client.ready("text", "gptq")
    assert ready is not None
    assert ready.device == "cpu"


def test_a_stop_sequence_and_a_closed_stream_end_it(client: Client) -> None:
    events = client.run(ask(COUNT, "gptq", stop=(" four",)))
    assert text_of(events) == "one two three"
    stream = client.stream(ask(ALPHABET, "gptq"))
    first = next(event for event in stream if isinstance(event, TextDelta))
    stream.close()
    assert ANSWERS[ALPHABET].startswith(first.text)
    end = client.run(ask(FRANCE, "gptq"))[-1]
    assert isinstance(end, Finished)
    assert end.reason == "stop"


def test_every_answer_of_awq_is_the_one_of_the_plain_weights(client: Client) -> None:
    assert {question: text_of(client.run(ask(question, "awq"))) for question in ANSWERS} == ANSWERS


def test_weights_that_are_not_quantised_are_refused_with_the_right_engine(client: Client) -> None:
    with pytest.raises(LoadError, match=r"nothing of how it is quantised.*engine: transformers"):
        client.run(ask(FRANCE, "plain"))
