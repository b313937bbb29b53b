"""OpenAI's own client against a running Quintet."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from tests.apps import PASSWORD
from tests.running import App, start_app, stop_app


@pytest.fixture
def client(app: App) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{app.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def ask(client: openai.OpenAI, text: str, **options: object) -> openai.types.chat.ChatCompletion:
    return client.chat.completions.create(  # type: ignore[call-overload, no-any-return]
        model="smollm2-135m-instruct",
        messages=[{"role": "user", "content": text}],
        **options,
    )


def test_the_running_models_are_listed(client: openai.OpenAI) -> None:
    names = {model.id for model in client.models.list()}
    assert {"smollm2-135m-instruct", "whisper-tiny-en", "all-minilm-l6-v2"} <= names


def test_a_chat_is_answered_with_its_usage(client: openai.OpenAI) -> None:
    answer = ask(client, "What is the capital of France?", temperature=0, max_tokens=30)
    assert "Paris" in (answer.choices[0].message.content or "")
    assert answer.usage is not None
    assert answer.usage.prompt_tokens > 10
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_a_streamed_chat_is_the_same_answer(client: openai.OpenAI) -> None:
    options = {"temperature": 0, "max_tokens": 20, "seed": 1}
    whole = ask(client, "Name three colours.", **options)
    stream: Any = ask(
        client,
        "Name three colours.",
        stream=True,
        stream_options={"include_usage": True},
        **options,
    )
    chunks = list(stream)
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == whole.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason == "length"
    assert chunks[-1].usage.completion_tokens == 20


def test_errors_have_openais_shape_and_status(app: App, client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="No text model is called 'gpt-9'"):
        client.chat.completions.create(model="gpt-9", messages=[{"role": "user", "content": "hi"}])
    with pytest.raises(openai.BadRequestError, match="tokens long"):
        ask(client, "word " * 20_000)
    with pytest.raises(openai.BadRequestError, match="tokens long"):
        list(ask(client, "word " * 20_000, stream=True))
    with pytest.raises(openai.BadRequestError, match="messages"):
        client.chat.completions.create(model="smollm2-135m-instruct", messages=[])
    with pytest.raises(openai.BadRequestError):
        client.audio.transcriptions.create(
            model="whisper-tiny-en", file=("setup.mp3", b"MZ" + bytes(2000))
        )
    refused = httpx.post(f"{app.url}/v1/chat/completions", content=b"not json")
    assert refused.status_code == 400
    assert set(refused.json()["error"]) == {"message", "type", "param", "code"}


def test_a_client_that_leaves_frees_the_worker(app: App) -> None:
    body = {
        "messages": [{"role": "user", "content": "Tell me a very long story about the sea."}],
        "max_tokens": 3000,
        "temperature": 0,
        "repeat_penalty": 1,
        "ignore_eos": True,
    }
    with httpx.stream("POST", f"{app.url}/v1/chat/completions", json={**body, "stream": True}) as r:
        lines = r.iter_lines()  # held: a generator that is thrown away closes the connection
        next(lines)
        assert httpx.get(f"{app.url}/readyz").json()["text"] == "busy"
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{app.url}/v1/chat/completions", json=body, timeout=1.0)
    give_up = time.monotonic() + 60
    while httpx.get(f"{app.url}/readyz").json()["text"] == "busy":
        assert time.monotonic() < give_up
        time.sleep(0.05)


@pytest.mark.slow
def test_an_upload_above_the_bound_is_refused(tmp_path: Path) -> None:
    app = start_app(tmp_path, QUINTET_SERVER__MAX_UPLOAD_MIB="0.01", QUINTET_POOL__WARM="[]")
    try:
        answer = httpx.post(f"{app.url}/v1/audio/transcriptions", files={"file": bytes(20_000)})
        assert answer.status_code == 400
        assert "larger than the 0.01 MiB" in answer.json()["error"]["message"]
    finally:
        stop_app(app)


def test_the_pages_password_is_the_key(locked_app: App) -> None:
    address = f"{locked_app.url}/v1/models"
    assert httpx.get(address).status_code == 401
    assert httpx.get(address, headers={"Authorization": "Bearer guess"}).status_code == 401
    assert httpx.get(address, headers={"Authorization": f"Bearer {PASSWORD}"}).status_code == 200
    assert httpx.get(address, auth=("quintet", PASSWORD)).status_code == 200
    assert httpx.get(address, auth=("somebody", PASSWORD)).status_code == 401
