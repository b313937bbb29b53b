"""Geniusrise's routes on the running app, by plain HTTP as its guide's scripts call them."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.apps import PASSWORD
from tests.running import App

QUESTION = "What is the capital of France? Answer briefly."
MESSAGES = [{"role": "user", "content": QUESTION}]
GREEDY = {"temperature": 0, "max_tokens": 24}
ROUTES = ["chat_vllm", "completions", "chat_llama_cpp", "completion"]


def post(app: App, route: str, body: object) -> httpx.Response:
    return httpx.post(f"{app.url}/api/v1/{route}", json=body, timeout=60)


@pytest.mark.parametrize("key", ["prompt", "user_prompt"])
def test_one_question_is_echoed_with_its_result(app: App, key: str) -> None:
    answer = post(app, "chat", {key: QUESTION, **GREEDY}).json()
    assert set(answer) == {"user_prompt", "system_prompt", "result"}
    assert (answer["user_prompt"], answer["system_prompt"]) == (QUESTION, "")
    (result,) = answer["result"]
    assert "Paris" in result["text"]
    assert result["score"] is None


@pytest.mark.parametrize("route", ROUTES)
def test_a_conversation_is_answered_in_openais_shape(app: App, route: str) -> None:
    answer = post(app, route, {"messages": MESSAGES, **GREEDY}).json()
    assert answer["object"] == "chat.completion"
    (choice,) = answer["choices"]
    assert choice["message"]["role"] == "assistant"
    assert "Paris" in choice["message"]["content"]
    assert answer["usage"]["completion_tokens"] > 0


def test_the_guides_whole_request_is_taken(app: App) -> None:
    body = {
        "messages": [{"role": "system", "content": "You are brief."}, *MESSAGES],
        "temperature": 0.0,
        "top_p": 1.0,
        "n": 2,
        "max_tokens": 8,
        "stream": False,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "logit_bias": {},
        "user": "example_user",
    }
    choices = post(app, "chat_vllm", body).json()["choices"]
    assert [choice["index"] for choice in choices] == [0, 1]


def test_the_likeliest_of_several_is_sent_back(app: App) -> None:
    body = {"messages": MESSAGES, "max_tokens": 8, "best_of": 3, "temperature": 1.5}
    (choice,) = post(app, "chat_vllm", body).json()["choices"]
    assert choice["message"]["content"]
    assert choice["logprobs"] is None


def test_a_stream_is_framed_as_localais(app: App) -> None:
    body = {"messages": MESSAGES, **GREEDY, "stream": True}
    address = f"{app.url}/api/v1/chat_llama_cpp"
    with httpx.stream("POST", address, json=body, timeout=60) as answer:
        raw = b"".join(answer.iter_raw()).decode()
    assert answer.headers["content-type"].startswith("text/event-stream")
    *events, done, rest = raw.split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    chunks = [json.loads(event.removeprefix("data: ")) for event in events]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    text = "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks)
    assert "Paris" in text
    whole = post(app, "chat_llama_cpp", {**body, "stream": False}).json()
    assert text == whole["choices"][0]["message"]["content"]


def test_a_prompt_alone_is_continued_as_it_stands(app: App) -> None:
    body = {"prompt": "The capital of France is", "temperature": 0, "echo": True, "suffix": "!"}
    answer = post(app, "chat_llama_cpp", body).json()
    assert answer["object"] == "text_completion"
    (choice,) = answer["choices"]
    assert choice["text"].startswith("The capital of France is Paris")
    assert choice["text"].endswith("!")
    assert answer["usage"]["completion_tokens"] <= 16


def test_an_answer_can_be_held_to_json(app: App) -> None:
    body = {
        "messages": [{"role": "user", "content": "Give me a person as JSON."}],
        "response_format": {"type": "json_object"},
        **GREEDY,
        "max_tokens": 200,
    }
    answer = post(app, "chat_llama_cpp", body).json()["choices"][0]
    if answer["finish_reason"] == "stop":
        assert isinstance(json.loads(answer["message"]["content"]), dict)
    else:
        assert answer["message"]["content"].lstrip().startswith("{")


def test_a_model_name_of_the_hub_is_answered_by_the_model_in_use(app: App) -> None:
    body = {"messages": MESSAGES, **GREEDY, "model": "TheBloke/Mistral-7B-Instruct-v0.2-GGUF"}
    assert post(app, "chat_llama_cpp", body).json()["model"] == "smollm2-135m-instruct"


def refused(answer: httpx.Response, status: str, words: str) -> None:
    assert answer.status_code == int(status.partition(" ")[0])
    assert answer.headers["content-type"] == "application/json"
    body: dict[str, Any] = answer.json()
    assert set(body) == {"status", "message"}
    assert body["status"] == status
    assert words in body["message"]


def test_errors_have_their_status_in_words(app: App) -> None:
    chat = f"{app.url}/api/v1/chat_vllm"
    as_json = {"Content-Type": "application/json"}
    refused(httpx.post(chat, content=b"{", headers=as_json), "400 Bad Request", "JSON")
    refused(httpx.post(chat, json={}), "400 Bad Request", "messages")
    refused(httpx.post(chat, json=[1]), "400 Bad Request", "body")
    refused(httpx.post(chat, json={"messages": []}), "400 Bad Request", "messages")
    refused(post(app, "chat", {}), "400 Bad Request", "user_prompt")
    refused(httpx.post(chat, data={"a": "b"}), "415 Unsupported Media Type", "application/json")
    refused(httpx.post(chat), "415 Unsupported Media Type", "application/json")
    refused(httpx.get(chat), "405 Method Not Allowed", "POST")
    refused(httpx.delete(chat), "405 Method Not Allowed", "POST")
    refused(httpx.get(f"{app.url}/api/v1/text"), "404 Not Found", "/api/v1/chat_vllm")
    too_long = {"messages": [{"role": "user", "content": "word " * 20_000}]}
    refused(httpx.post(chat, json=too_long, timeout=60), "400 Bad Request", "tokens long")
    streamed = {**too_long, "stream": True}
    refused(httpx.post(chat, json=streamed, timeout=60), "400 Bad Request", "tokens long")
    beams = {"messages": MESSAGES, "use_beam_search": True}
    refused(httpx.post(chat, json=beams), "400 Bad Request", "use_beam_search is True")


def test_basic_authentication_opens_the_door(locked_app: App) -> None:
    chat, body = f"{locked_app.url}/api/v1/chat", {"prompt": QUESTION, "max_tokens": 4}
    without = httpx.post(chat, json=body)
    refused(without, "401 Unauthorized", "password")
    assert "Basic realm=" in without.headers["www-authenticate"]
    refused(httpx.post(chat, json=body, auth=("quintet", "guess")), "401 Unauthorized", "wrong")
    answer = httpx.post(chat, json=body, auth=("quintet", PASSWORD), timeout=60)
    assert answer.status_code == 200
    assert answer.json()["result"][0]["text"]


def test_a_browser_may_ask_before_it_logs_in(locked_app: App) -> None:
    chat = f"{locked_app.url}/api/v1/chat_vllm"
    plain = httpx.options(chat)
    assert (plain.status_code, plain.content) == (200, b"")
    asking = {
        "Origin": "http://chat.example:3000",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    preflight = httpx.options(chat, headers=asking)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "http://chat.example:3000"
    assert "authorization" in preflight.headers["access-control-allow-headers"].lower()
    assert preflight.headers["access-control-allow-credentials"] == "true"
    answer = httpx.post(chat, json={}, headers={"Origin": "http://chat.example:3000"})
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == "http://chat.example:3000"
