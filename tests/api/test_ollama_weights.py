"""Each route of Ollama's once on real weights."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.running import ROOT, App

MODEL, EMBEDDER = "smollm2-135m-instruct:latest", "all-minilm-l6-v2:latest"
QUESTION = "What is the capital of France? Answer briefly."
GREEDY = {"temperature": 0, "num_predict": 20, "seed": 1}


@pytest.fixture
def http(app: App) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=app.url, timeout=120) as client:
        yield client


def post(http: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    answer = http.post(f"/api/{path}", json={"model": MODEL, "stream": False, **body})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_question_is_answered_the_same_streamed_and_whole(http: httpx.Client) -> None:
    turns = [{"role": "user", "content": QUESTION}]
    whole = post(http, "chat", messages=turns, options=GREEDY)
    assert "Paris" in whole["message"]["content"]
    for cost in ("total_duration", "prompt_eval_duration", "eval_duration", "eval_count"):
        assert whole[cost] > 0
    body = {"model": MODEL, "messages": turns, "options": GREEDY}
    lines = [json.loads(line) for line in http.post("/api/chat", json=body).text.splitlines()]
    assert "".join(line["message"]["content"] for line in lines) == whole["message"]["content"]


def test_a_prompt_is_answered_within_its_format_raw_and_within_a_template(
    http: httpx.Client,
) -> None:
    assert "Paris" in post(http, "generate", prompt=QUESTION, options=GREEDY)["response"]
    raw = post(http, "generate", prompt="The capital of France is", raw=True, options=GREEDY)
    assert "Paris" in raw["response"]
    template = "<|im_start|>user\n{{ .Prompt }}<|im_end|>\n<|im_start|>assistant\n"
    laid_out = post(http, "generate", prompt=QUESTION, template=template, options=GREEDY)
    assert "Paris" in laid_out["response"]


def test_an_answer_fits_a_schema(http: httpx.Client) -> None:
    city = {"type": "string", "enum": ["Paris", "Rome"]}
    schema = {"type": "object", "properties": {"city": city}, "required": ["city"]}
    found = post(http, "generate", prompt=QUESTION, format=schema, options={"temperature": 0})
    assert json.loads(found["response"])["city"] in ("Paris", "Rome")


def test_a_question_about_a_picture_is_answered(http: httpx.Client) -> None:
    picture = base64.b64encode((ROOT / "assets" / "example-receipt.png").read_bytes()).decode()
    turn = {"role": "user", "content": "What is the total?", "images": [picture]}
    found = post(http, "chat", messages=[turn], options={"temperature": 0, "num_predict": 40})
    assert found["message"]["content"]
    assert found["prompt_eval_count"] > 100  # the words in the picture


def test_near_meanings_have_near_vectors(http: httpx.Client) -> None:
    texts = ["A cat sat on the mat.", "A kitten rests on a rug.", "Stocks fell sharply."]
    for dimensions in (None, 64):
        found = post(http, "embed", model=EMBEDDER, input=texts, dimensions=dimensions)
        cat, kitten, stocks = found["embeddings"]
        assert len(cat) == (dimensions or 384)
        assert sum(x * x for x in cat) == pytest.approx(1, abs=1e-4)
        assert dot(cat, kitten) > dot(cat, stocks)


def dot(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_a_file_is_described_by_what_it_says_of_itself(http: httpx.Client) -> None:
    found = post(http, "show")
    assert found["details"]["format"] == "gguf"
    assert found["details"]["quantization_level"] == "Q4_1"
    info = found["model_info"]
    assert info["general.architecture"] == "llama"
    assert info["llama.context_length"] >= 2048
    assert not {"general.name", "tokenizer.chat_template"} & set(info)
    assert "im_start" in found["template"]
    assert found["capabilities"] == ["completion", "tools"]
    embedder = post(http, "show", model=EMBEDDER)
    architecture = embedder["model_info"]["general.architecture"]
    assert embedder["model_info"][f"{architecture}.context_length"] == 256
    entry = next(
        model for model in http.get("/api/tags").json()["models"] if model["name"] == MODEL
    )
    assert entry["size"] > 50_000_000
    assert not entry["modified_at"].startswith("1970")


def test_a_model_of_ones_own_words_answers_through_every_door(http: httpx.Client) -> None:
    made = "geographer:1"
    body = {"from": MODEL, "system": "You answer with one word.", "parameters": GREEDY}
    try:
        assert post(http, "create", **{**body, "model": made})["status"] == "success"
        turns = [{"role": "user", "content": QUESTION}]
        plain = post(http, "chat", messages=turns, options=GREEDY)
        said = post(http, "chat", model=made, messages=turns)
        assert said["prompt_eval_count"] != plain["prompt_eval_count"]
        asked = {"model": made, "messages": turns}
        twin = http.post("/v1/chat/completions", json=asked).json()
        assert twin["choices"][0]["message"]["content"] == said["message"]["content"]
        assert twin["usage"]["prompt_tokens"] == said["prompt_eval_count"]
    finally:
        removed = http.request("DELETE", "/api/delete", json={"model": made})
    assert removed.status_code == 200
