"""Flows over HTTP, in every dialect that has conversations; the fake model says the last message back."""

from __future__ import annotations

import json
from typing import Any

import httpx
import openai
import pytest

from tests.running import App

TASK = "1. boil water 2. add leaves"
TURNS = [{"role": "user", "content": TASK}]
TITLES = ["Plan", "boil water", "add leaves Do not"]
OTHER = "fake-text-2"
BODIES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": TURNS},
    "/v1/responses": {"input": TASK},
    "/v1/messages": {"max_tokens": 2000, "messages": TURNS},
    "/api/chat": {"messages": TURNS, "stream": False},
}


@pytest.fixture(scope="module")
def app(fake_app: App) -> App:
    return fake_app


def post(app: App, path: str, body: dict[str, Any]) -> httpx.Response:
    return httpx.post(f"{app.url}{path}", json={**BODIES[path], **body}, timeout=60)


def words_of(answer: dict[str, Any]) -> str:
    if "choices" in answer:
        return str(answer["choices"][0]["message"]["content"])
    if "output" in answer:
        return str(answer["output"][0]["content"][0]["text"])
    if "content" in answer:
        return str(answer["content"][0]["text"])
    return str(answer["message"]["content"])


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize(
    "wish",
    [{"model": "flow/plan"}, {"model": "fake-text", "quintet": {"flow": "plan"}}],
    ids=["by the model's name", "by the object"],
)
def test_every_dialect_plans(app: App, path: str, wish: dict[str, Any]) -> None:
    answer = post(app, path, wish).json()
    assert words_of(answer).startswith("# Plan\n\n---\n\n1. boil water")
    report = answer["quintet"]
    assert report["flow"] == "plan"
    assert [step["state"] for step in report["steps"]] == ["done"] * 3
    assert [step["title"] for step in report["steps"]][:2] == TITLES[:2]
    assert answer["model"] == wish["model"]


@pytest.mark.parametrize("path", BODIES)
def test_every_dialect_refuses_a_flow_that_is_not_there(app: App, path: str) -> None:
    for wish in ({"model": "flow/detour"}, {"model": "fake-text", "quintet": {"flow": "detour"}}):
        answer = post(app, path, wish)
        assert answer.status_code == 400
        assert "route, plan, compare, article" in answer.text


@pytest.mark.parametrize("path", BODIES)
def test_every_dialect_streams(app: App, path: str) -> None:
    body = {**BODIES[path], "model": "flow/plan", "stream": True}
    with httpx.stream("POST", f"{app.url}{path}", json=body, timeout=60) as answer:
        lines = [line.removeprefix("data: ") for line in answer.iter_lines() if "{" in line]
    events = [json.loads(line) for line in lines]
    reports = [found for event in events if (found := report_in(event))]
    assert [step["state"] for step in reports[-1]["steps"]] == ["done"] * 3
    assert "# Solutions" in "".join(piece_of(event) for event in events)


def report_in(event: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = event.get("quintet") or event.get("response", {}).get("quintet") or {}
    return found


def piece_of(event: dict[str, Any]) -> str:
    if event.get("choices"):
        return event["choices"][0]["delta"].get("content") or ""
    delta = event.get("delta")
    if isinstance(delta, str):
        return delta
    if isinstance(delta, dict):
        return str(delta.get("text", ""))
    message: dict[str, Any] = event.get("message", {})
    return message["content"] if isinstance(message.get("content"), str) else ""


def test_openais_client_reads_a_stream_as_ever(app: App) -> None:
    client = openai.OpenAI(base_url=f"{app.url}/v1", api_key="none", max_retries=0)
    turns: Any = TURNS
    chunks = list(client.chat.completions.create(model="flow/plan", messages=turns, stream=True))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text.startswith("# Plan")
    assert chunks[-1].choices[0].finish_reason == "stop"
    reports = [chunk for chunk in chunks if "quintet" in (chunk.model_extra or {})]
    assert len(reports) >= 3  # one where each step has ended


def test_two_answers_come_side_by_side(app: App) -> None:
    turns = [{"role": "user", "content": "!model"}]
    wish = {"flow": "compare", "other": OTHER}
    answer = post(app, "/v1/chat/completions", {"messages": turns, "quintet": wish}).json()
    assert words_of(answer).strip() == "fake-text"
    answers = answer["quintet"]["answers"]
    assert [one["model"] for one in answers] == ["fake-text", OTHER]
    assert answers[1]["text"].strip() == OTHER


def test_the_stronger_model_answers_what_was_judged_bad(app: App) -> None:
    """The fake says the judge's question back, which is no praise."""
    turns = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "!model"}]
    wish = {"flow": "route", "stronger": OTHER, "model": "fake-text"}
    body = {"model": "flow/route", "messages": turns, "quintet": wish}
    answer = post(app, "/v1/chat/completions", body).json()
    assert words_of(answer).strip() == OTHER
    assert len(answer["quintet"]["steps"]) == 3


def test_an_article_says_that_it_has_no_sources(app: App) -> None:
    answer = post(app, "/v1/chat/completions", {"quintet": {"flow": "article"}}).json()
    assert "without sources" in answer["quintet"]["note"]
    assert answer["quintet"]["artifact"]["mime"] == "text/markdown"


REFUSED = [
    ({"quintet": {"flow": "route", "stronger": "gpt-99"}}, "gpt-99", 404),
    ({"quintet": {"flow": "plan", "colour": "red"}}, "colour", 400),
    ({"model": "flow/plan", "quintet": {"flow": "route"}}, "Name one", 400),
    ({"model": "flow/plan", "n": 2}, "several choices", 400),
    ({"model": "flow/plan", "response_format": {"type": "json_object"}}, "format", 400),
    ({"model": "flow/plan", "tools": [{"function": {"name": "f"}}]}, "tools", 400),
    ({"model": "flow/plan", "messages": [{"role": "assistant", "content": "I"}]}, "user", 400),
    (
        {"model": "flow/plan", "messages": [{"role": "user", "content": "!refuse now"}]},
        "refuses",
        400,
    ),
]


@pytest.mark.parametrize(("body", "words", "status"), REFUSED)
def test_what_no_flow_can_do_is_refused(
    app: App, body: dict[str, Any], words: str, status: int
) -> None:
    for is_streamed in (False, True):
        answer = post(app, "/v1/chat/completions", {**body, "stream": is_streamed})
        assert answer.status_code == status, answer.text
        assert words in answer.text
