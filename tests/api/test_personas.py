"""Personas through OpenAI's client: listed, asked in a model's place, named in the answer."""

from __future__ import annotations

import json

import httpx
import openai
import pytest

from tests.running import App

PARIS = "What is the capital of France? Answer briefly."


def test_the_shipped_ones_are_listed_and_shown(app: App) -> None:
    listed = httpx.get(f"{app.url}/v1/personas").json()["data"]
    assert [one["id"] for one in listed][:2] == ["persona/plain", "persona/coder"]
    shown = httpx.get(f"{app.url}/v1/personas/coder").json()
    assert shown == listed[1]
    assert "```python" in shown["system"]


def test_one_is_asked_in_a_models_place(openai_client: openai.OpenAI) -> None:
    answer = openai_client.chat.completions.create(
        model="persona/plain",
        messages=[{"role": "user", "content": PARIS}],
        temperature=0,
        max_tokens=20,
    )
    assert "Paris" in (answer.choices[0].message.content or "")
    assert answer.model == "smollm2-135m-instruct"
    assert answer.model_extra == {"quintet": {"persona": "plain"}}


def test_a_stream_says_who_answers_at_its_beginning(app: App) -> None:
    body = {
        "model": "persona/coder",
        "messages": [{"role": "user", "content": "Hi"}],
        "max_tokens": 3,
        "stream": True,
    }
    with httpx.stream("POST", f"{app.url}/v1/chat/completions", json=body, timeout=60) as answer:
        chunks = [line[5:].strip() for line in answer.iter_lines() if line.startswith("data:")]
    said = [json.loads(chunk).get("quintet") for chunk in chunks if chunk != "[DONE]"]
    assert said[0] == {"persona": "coder"}
    assert set(map(str, said[1:])) == {"None"}


def test_one_that_is_not_there_is_said(openai_client: openai.OpenAI) -> None:
    with pytest.raises(
        openai.NotFoundError, match=r"There is no persona 'codr'\. Did you mean coder"
    ):
        openai_client.chat.completions.create(
            model="persona/codr", messages=[{"role": "user", "content": "Hi"}]
        )
