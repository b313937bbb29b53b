"""Ollama's API, driven by the official ollama package."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ollama
import pytest

from tests.running import ROOT, App

MODEL, EMBEDDER = "fake-text", "fake-rag"
WORDS = "one two three"
ASKED: list[Any] = [{"role": "user", "content": WORDS}]


@pytest.fixture
def client(fake_app: App) -> Iterator[ollama.Client]:
    with ollama.Client(host=fake_app.url) as client:
        yield client


def test_what_it_lists_and_shows_fits_its_types(client: ollama.Client) -> None:
    client.chat(model=MODEL, messages=ASKED)
    listed = {model.model: model for model in client.list().models}
    assert listed[f"{MODEL}:latest"].modified_at is not None
    shown = client.show(MODEL)
    assert shown.modelinfo
    assert shown.capabilities
    assert {"completion", "tools"} <= set(shown.capabilities)
    running = {model.model: model for model in client.ps().models}
    assert running[f"{MODEL}:latest"].expires_at is not None


def test_a_chat_is_the_same_streamed_and_whole(client: ollama.Client) -> None:
    options: Any = {"num_predict": 2, "stop": ["x"], "mirostat": 2, "top_k": None, "seed": 1}
    whole = client.chat(model=MODEL, messages=ASKED, options=options, think=False)
    pieces = list(client.chat(model=MODEL, messages=ASKED, options=options, stream=True))
    assert "".join(piece.message.content or "" for piece in pieces) == whole.message.content
    assert whole.done_reason == pieces[-1].done_reason == "length"
    assert whole.total_duration


def test_a_thought_and_a_schema(client: ollama.Client) -> None:
    thought = client.chat(model=MODEL, messages=ASKED, think=True)
    assert (thought.message.thinking or "").strip() == WORDS
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
    fitting = client.generate(model=MODEL, prompt=WORDS, format=schema)
    assert json.loads(fitting.response or "") == {"age": 0}


def test_a_python_function_is_called_and_its_result_said(client: ollama.Client) -> None:
    def get_weather(city: str) -> str:
        """Tell the weather.

        Args:
            city: Where.
        """
        return f"sunny in {city}"

    asked: list[Any] = [{"role": "user", "content": "!call"}]
    called = client.chat(model=MODEL, messages=asked, tools=[get_weather])
    call = next(iter(called.message.tool_calls or []))
    result = {"role": "tool", "content": get_weather(**call.function.arguments)}
    answer = client.chat(
        model=MODEL, messages=[*asked, called.message, result], tools=[get_weather]
    )
    assert "sunny" in (answer.message.content or "")


def test_pictures_by_their_path(client: ollama.Client) -> None:
    receipt = Path(ROOT) / "assets" / "example-receipt.png"
    turn: Any = {"role": "user", "content": "What is it?", "images": [str(receipt)]}
    assert client.chat(model=MODEL, messages=[turn]).message.content


def test_vectors(client: ollama.Client) -> None:
    assert len(client.embed(model=EMBEDDER, input=["a", "b"], dimensions=64).embeddings[0]) == 64
    assert client.embed(model=EMBEDDER, input=[]).embeddings == []
    assert client.embeddings(model=EMBEDDER, prompt="a").embedding
    with pytest.raises(ollama.ResponseError, match="5,000") as refused:
        client.embed(model=EMBEDDER, input="word " * 5000, truncate=False)
    assert refused.value.status_code == 400


def test_models_are_pulled_made_copied_and_deleted(client: ollama.Client) -> None:
    assert [step.status for step in client.pull(MODEL, stream=True)][-1] == "success"
    made = client.create("luigi:2", from_=MODEL, system="You are Luigi.")
    assert made.status == "success"
    client.copy("luigi:2", "weegee")
    names = [model.model for model in client.list().models]
    assert {"luigi:2", "weegee:latest"} <= set(names)
    for name in ("luigi:2", "weegee"):
        assert client.delete(name).status == "success"
    with pytest.raises(ollama.ResponseError, match="not found") as missing:
        client.delete("weegee")
    assert missing.value.status_code == 404
    with pytest.raises(ollama.ResponseError, match="not found"):
        list(client.pull("weegee", stream=True))
