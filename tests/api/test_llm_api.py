"""LLM API's routes on the running app, by plain HTTP as its clients call them."""

from __future__ import annotations

import re
import time

import httpx
import pytest

from tests.running import App

PROMPT = "The capital of France is"
GREEDY = {"n_predict": 6, "temp": 0, "repeat_penalty": 1}


def post(app: App, path: str, body: object) -> httpx.Response:
    return httpx.post(f"{app.url}{path}", json=body, timeout=60)


def test_the_server_lives(app: App) -> None:
    answer = httpx.get(f"{app.url}/check")
    assert (answer.status_code, answer.content) == (200, b'"Ok"')


def test_a_text_is_continued_without_a_template(app: App) -> None:
    answer = post(app, "/generate", {"prompt": PROMPT, "params": GREEDY})
    assert answer.headers["content-type"] == "application/json"
    assert answer.json().startswith(" Paris")
    again = post(app, "/generate", {"prompt": PROMPT, "params": {**GREEDY, "stop": ["Par"]}})
    assert again.json() == " "


def test_the_stream_is_raw_text_in_exactly_these_bytes(app: App) -> None:
    params = {"n_predict": 60, "temp": 0, "repeat_penalty": 1}
    body = {"prompt": "1. one\n2. two\n3.", "params": params}
    whole = post(app, "/generate", body).json()
    with httpx.stream("POST", f"{app.url}/agenerate", json=body, timeout=60) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-accel-buffering"] == "no"
    assert re.fullmatch(rb"((data: [^\r\n]*\r\n)+\r\n)+", raw)
    events = [
        event.split("\r\n") for event in raw.decode().removesuffix("\r\n\r\n").split("\r\n\r\n")
    ]
    text = "".join("\n".join(line.removeprefix("data: ") for line in event) for event in events)
    assert text == whole
    assert any(len(event) > 1 for event in events)  # a newline is split over two lines
    assert len(events) > 1  # in pieces; tokens that come faster than anybody reads are joined
    assert "[DONE]" not in text


def test_an_embedding_is_a_bare_list_of_numbers(app: App) -> None:
    vectors = [post(app, "/embeddings", {"text": text}).json() for text in ("a cat", "a kitten")]
    assert all(len(vector) == 384 for vector in vectors)
    assert sum(a * b for a, b in zip(*vectors, strict=True)) > 0.6  # rows have length 1


@pytest.mark.parametrize(
    ("body", "where", "kind"),
    [
        ({}, ["body", "prompt"], "missing"),
        ({"prompt": 1}, ["body", "prompt"], "string_type"),
        ({"prompt": "a", "params": {"temp": "hot"}}, ["body", "params", "temp"], "float_parsing"),
    ],
)
@pytest.mark.parametrize("path", ["/generate", "/agenerate"])
def test_a_bad_body_is_422_and_says_where(
    app: App, path: str, body: object, where: list[str], kind: str
) -> None:
    answer = post(app, path, body)
    assert answer.status_code == 422
    (found,) = answer.json()["detail"]
    assert set(found) == {"loc", "msg", "type"}
    assert (found["loc"], found["type"]) == (where, kind)


def test_json_with_the_samples_bad_escape_is_refused(app: App) -> None:
    body = rb'{"prompt": "a", "params": {"stop": ["\Q"]}}'
    answer = httpx.post(
        f"{app.url}/generate", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["type"] == "json_invalid"


@pytest.mark.parametrize("path", ["/generate", "/agenerate"])
@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"prompt": "word " * 20_000}, "tokens long"),
        ({"prompt": ""}, "The prompt is empty."),
        ({"prompt": "a", "params": {"temp": 99}}, "temperature is 99"),
        ({"prompt": "a", "params": {"seed": 2**70}}, "below 2^32"),
        ({"prompt": "a", "params": {"n_predict": 2**40}}, "below 2^31"),
    ],
)
def test_what_cannot_be_generated_is_reported_in_plain_text(
    app: App, path: str, body: object, sentence: str
) -> None:
    answer = post(app, path, body)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/plain")
    assert sentence in answer.text


def test_a_client_that_leaves_frees_the_worker(app: App) -> None:
    params = {"n_predict": 3000, "temp": 0, "repeat_penalty": 1}
    body = {"prompt": "Once upon a time", "params": params}
    with httpx.stream("POST", f"{app.url}/agenerate", json=body, timeout=60) as answer:
        lines = answer.iter_lines()
        next(lines)
    give_up = time.monotonic() + 60
    while httpx.get(f"{app.url}/readyz").json()["text"] == "busy":
        assert time.monotonic() < give_up
        time.sleep(0.05)
