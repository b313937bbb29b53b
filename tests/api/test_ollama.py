"""Ollama's answers, over a fake engine: lines, whole objects, tools, thoughts, pictures, vectors, errors."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.running import ROOT, App

MODEL, EMBEDDER = "fake-text", "fake-rag"
WORDS = "one two three"
DATE = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z"
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather of a city.",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": ["string", "null"], "enum": ["Paris"]}},
                "required": ["city"],
            },
        },
    }
]
PERSON = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}


@pytest.fixture
def http(fake_app: App) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=fake_app.url, timeout=60) as client:
        yield client


def user(text: str, **keys: Any) -> dict[str, Any]:
    return {"role": "user", "content": text, **keys}


def chat(http: httpx.Client, *turns: dict[str, Any], **keys: Any) -> dict[str, Any]:
    body = {"model": MODEL, "messages": turns, "stream": False, **keys}
    answer = http.post("/api/chat", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def lines_of(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.text.endswith("\n")
    return [json.loads(line) for line in answer.text.splitlines()]


def generate(http: httpx.Client, **keys: Any) -> dict[str, Any]:
    body = {"model": MODEL, "prompt": WORDS, "stream": False, **keys}
    answer = http.post("/api/generate", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_body_that_says_nothing_of_its_type_is_streamed_to(http: httpx.Client) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    body = json.dumps({"model": MODEL, "prompt": WORDS})
    lines = lines_of(http.post("/api/generate", content=body, headers=headers))
    assert "".join(line["response"] for line in lines).strip() == WORDS
    assert [line["done"] for line in lines] == [False] * (len(lines) - 1) + [True]
    assert all(line["model"] == MODEL for line in lines)
    assert all(re.fullmatch(DATE, line["created_at"]) for line in lines)
    last = lines[-1]
    assert (last["response"], last["done_reason"]) == ("", "stop")
    assert last["total_duration"] > 0
    assert (last["prompt_eval_count"], last["eval_count"]) == (3, 3)
    assert all(isinstance(number, int) for number in last["context"])


def test_a_chat_is_the_same_streamed_and_whole(http: httpx.Client) -> None:
    whole = chat(http, user(WORDS))
    lines = lines_of(http.post("/api/chat", json={"model": MODEL, "messages": [user(WORDS)]}))
    said = "".join(line["message"]["content"] for line in lines)
    assert whole["message"] == {"role": "assistant", "content": said}
    assert (whole["done"], whole["done_reason"]) == (True, "stop")
    assert "context" not in lines[-1]


def test_options_are_followed_and_the_others_named(http: httpx.Client) -> None:
    options = {"num_predict": 1, "stop": ["three"], "mirostat": 2, "top_k": None, "num_gpu": 1}
    body = {"model": MODEL, "messages": [user(WORDS)], "options": options, "stream": False}
    answer = http.post("/api/chat", json={**body, "wish": 1, "shift": False})
    assert answer.json()["done_reason"] == "length"
    assert answer.json()["message"]["content"].split() == ["one"]
    assert answer.headers["x-quintet-ignored"] == "wish, num_gpu"
    options = {"stop": "two", "num_ctx": 256}
    plain = http.post("/api/chat", json={**body, "options": options})
    assert plain.json()["message"]["content"].strip() == "one"
    assert "x-quintet-ignored" not in plain.headers
    longer = http.post("/api/chat", json={**body, "options": {"num_ctx": 1_000_000}})
    assert longer.headers["x-quintet-ignored"] == "num_ctx"


def test_an_answer_fits_a_format(http: httpx.Client) -> None:
    assert json.loads(chat(http, user("x"), format=PERSON)["message"]["content"]) == {"age": 0}
    assert isinstance(json.loads(generate(http, format="json")["response"]), dict)
    for off in ("", None):
        assert generate(http, format=off)["response"].strip() == WORDS


def test_thoughts_come_before_the_answer_and_never_within(http: httpx.Client) -> None:
    whole = chat(http, user(f"!think {WORDS}"))
    assert whole["message"]["thinking"].strip() == whole["message"]["content"].strip() == WORDS
    body = {"model": MODEL, "messages": [user(WORDS)], "think": True}
    lines = lines_of(http.post("/api/chat", json=body))
    kinds = ["thinking" in line["message"] for line in lines[:-1]]
    assert kinds == sorted(kinds, reverse=True)
    assert all(line["message"]["content"] == "" for line in lines if "thinking" in line["message"])
    assert "thinking" not in chat(http, user(f"!think {WORDS}"), think=False)["message"]
    assert generate(http, think="high")["thinking"].strip() == WORDS


def test_a_call_comes_whole_and_its_result_without_name_or_id_is_taken(http: httpx.Client) -> None:
    body = {"model": MODEL, "messages": [user("!call")], "tools": TOOLS}
    lines = lines_of(http.post("/api/chat", json=body))
    (called,) = [line for line in lines if "tool_calls" in line["message"]]
    assert called is lines[-2]
    (call,) = called["message"]["tool_calls"]
    assert call["function"] == {"index": 0, "name": "get_weather", "arguments": {"city": "Paris"}}
    assert call["id"]
    assert lines[-1]["done_reason"] == "stop"
    result = {"role": "tool", "content": "sunny in Paris"}
    answer = chat(http, user("!call"), called["message"], result, tools=TOOLS)
    assert "sunny in Paris" in answer["message"]["content"]
    assert generate(http, prompt="!call", tools=TOOLS)["tool_calls"][0]["function"]["arguments"]


def test_a_conversation_goes_on_by_its_context(http: httpx.Client) -> None:
    first = generate(http, system="Be brief.")
    again = generate(http, prompt="and four", context=first["context"])
    assert again["prompt_eval_count"] == len("Be brief.".split()) + 2 * len(WORDS.split()) + 2
    assert len(again["context"]) > len(first["context"])
    assert "context" not in generate(http, raw=True)


def test_a_template_of_the_bodys_own_lays_the_prompt_out(http: httpx.Client) -> None:
    template = (
        "{{ if .System }}<{{ .System }}> {{ end }}{{ range .Messages }}[{{ .Content }}]{{ end }}"
    )
    found = generate(http, template=template, system="S", prompt="hi")
    assert found["response"].strip() == "<S> [hi]"
    refused = http.post(
        "/api/generate", json={"model": MODEL, "prompt": "x", "template": "{{ .No }}"}
    )
    assert refused.status_code == 400
    assert "template" in refused.json()["error"]


def test_logprobs_are_those_that_were_asked_for(http: httpx.Client) -> None:
    (first, *_) = generate(http, logprobs=True, top_logprobs=1)["logprobs"]
    assert set(first) == {"token", "logprob", "bytes", "top_logprobs"}
    refused = http.post("/api/generate", json={"model": MODEL, "prompt": "x", "top_logprobs": 21})
    assert refused.status_code == 400


def test_a_conversation_too_long_loses_its_oldest_turns_and_says_how_many(
    http: httpx.Client,
) -> None:
    turns = [
        turn
        for n in range(6)
        for turn in (user("word " * 900), {"role": "assistant", "content": f"{n}"})
    ]
    body = {"model": MODEL, "messages": [*turns, user(WORDS)], "stream": False}
    answer = http.post("/api/chat", json=body)
    assert answer.json()["message"]["content"].strip() == WORDS
    assert int(answer.headers["x-quintet-dropped-turns"]) > 0
    refused = http.post("/api/chat", json={**body, "truncate": False})
    assert refused.status_code == 400
    assert "4,096" in refused.json()["error"]
    alone = http.post("/api/chat", json={**body, "messages": [user("word " * 5000)]})
    assert alone.status_code == 400


def test_pictures_are_bare_base64_or_data_uris(http: httpx.Client) -> None:
    picture = base64.b64encode((ROOT / "assets" / "example-receipt.png").read_bytes()).decode()
    for image in (picture, f"data:image/png;base64,{picture}"):
        assert chat(http, user("What is it?", images=[image]))["message"]["content"]
    body = {"model": MODEL, "prompt": "What?", "images": [picture], "stream": False, "tools": TOOLS}
    assert http.post("/api/generate", json=body).headers["x-quintet-ignored"] == "tools"
    for wrong in ({"images": ["?"]}, {"format": "json"}):
        assert http.post("/api/generate", json={**body, **wrong}).status_code == 400


def test_vectors_have_the_length_one_also_shortened(http: httpx.Client) -> None:
    body = {"model": EMBEDDER, "input": [WORDS, "a cat"]}
    whole = http.post("/api/embed", json=body).json()
    assert len(whole["embeddings"]) == 2
    assert whole["prompt_eval_count"] > 0
    dim = len(whole["embeddings"][0])
    for dimensions in (dim - 1, dim, dim + 1):
        found = http.post("/api/embed", json={**body, "dimensions": dimensions}).json()
        (first, _) = found["embeddings"]
        assert len(first) == min(dimensions, dim)
        assert sum(value * value for value in first) == pytest.approx(1, abs=1e-4)
    old = http.post("/api/embeddings", json={"model": EMBEDDER, "prompt": WORDS}).json()
    assert old == {"embedding": whole["embeddings"][0]}


def test_nothing_to_embed_only_loads(http: httpx.Client) -> None:
    nothings: list[Any] = [[], "", None]
    for nothing in nothings:
        answer = http.post("/api/embed", json={"model": EMBEDDER, "input": nothing})
        assert answer.json() == {"model": EMBEDDER, "embeddings": []}
    answer = http.post("/api/embeddings", json={"model": EMBEDDER})
    assert answer.json() == {"embedding": []}


def test_a_text_too_long_is_cut_or_refused_with_both_numbers(http: httpx.Client) -> None:
    body = {"model": EMBEDDER, "input": ["short", "word " * 5000]}
    cut = http.post("/api/embed", json=body)
    assert len(cut.json()["embeddings"]) == 2
    assert cut.headers["x-quintet-cut"] == "1"
    old = {"model": EMBEDDER, "prompt": "word " * 5000}
    for path, refused in (("embed", {**body, "truncate": False}), ("embeddings", old)):
        answer = http.post(f"/api/{path}", json=refused)
        assert answer.status_code == 400
        assert "5,000" in answer.json()["error"]


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("chat", {"model": "fake-txt", "messages": [user("x")]}, 404, "'fake-txt' not found"),
        ("chat", {"model": "fake-txt", "messages": [user("x")]}, 404, "fake-text"),
        ("chat", {"messages": [user("x")]}, 400, "model"),
        ("chat", {"model": MODEL, "messages": [user("x")], "think": "very"}, 400, "think"),
        ("chat", {"model": MODEL, "messages": [{"role": "boss"}]}, 400, "'boss'"),
        ("chat", {"model": EMBEDDER, "messages": [user("x")]}, 400, "does not support chat"),
        ("chat", {"model": "fake-vision", "messages": [user("x")]}, 400, "pictures"),
        ("generate", {"model": MODEL, "prompt": "a", "suffix": "b"}, 400, "insert"),
        ("generate", {"model": MODEL, "prompt": "a", "context": [7]}, 400, "context"),
        ("generate", {"model": MODEL, "prompt": "a", "format": "xml"}, 400, "format"),
        ("generate", {"model": MODEL, "prompt": "a", "keep_alive": "soon"}, 400, "keep_alive"),
        ("generate", {"model": MODEL, "prompt": "a", "options": {"top_p": "x"}}, 400, "top_p"),
        ("generate", {"model": MODEL, "prompt": "!fail"}, 500, "fail"),
        ("embed", {"model": MODEL, "input": "x"}, 400, "does not support embedding"),
        ("embed", {"model": EMBEDDER, "input": [1, 2]}, 400, "token ids"),
        ("show", {"model": "none"}, 404, "not found"),
    ],
)
def test_errors_are_one_sentence(
    http: httpx.Client, path: str, body: dict[str, Any], status: int, said: str
) -> None:
    answer = http.post(f"/api/{path}", json=body)
    assert answer.status_code == status, answer.text
    assert list(answer.json()) == ["error"]
    assert said in answer.json()["error"]


def test_arguments_that_are_a_text_are_refused(http: httpx.Client) -> None:
    call = {"function": {"name": "f", "arguments": '{"a": 1}'}}
    turns = [user("x"), {"role": "assistant", "tool_calls": [call]}]
    answer = http.post("/api/chat", json={"model": MODEL, "messages": turns})
    assert answer.status_code == 400
    assert "arguments" in answer.json()["error"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"'])
def test_what_is_no_object_is_refused(http: httpx.Client, content: bytes) -> None:
    answer = http.post("/api/chat", content=content)
    assert answer.status_code == 400
    assert list(answer.json()) == ["error"]


def test_the_root_tells_programs_that_somebody_is_there_and_shows_browsers_the_page(
    http: httpx.Client,
) -> None:
    assert (
        http.get("/").text == http.get("/", headers={"accept": "*/*"}).text == "Ollama is running"
    )
    assert http.head("/").status_code == 200
    page = http.get("/", headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.headers["content-type"].startswith("text/html")
    assert "Quintet" in page.text


def test_the_version_is_three_numbers(http: httpx.Client) -> None:
    version = http.get("/api/version").json()["version"]
    assert [int(part) for part in version.split(".")] >= [0, 6, 4]
    assert http.head("/api/version").status_code == http.head("/api/tags").status_code == 200
