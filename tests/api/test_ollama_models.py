"""Ollama's lists of models, how long they stay, and what is made, copied and removed."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.running import App

MODEL, OTHER, EMBEDDER = "fake-text", "fake-text-2", "fake-rag"
DATE = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z"
ENTRY = {"name", "model", "modified_at", "size", "digest", "details"}
DETAILS = {
    "parent_model": str, "format": str, "family": str, "families": list, "parameter_size": str,
    "quantization_level": str,
}  # fmt: skip
WAIT_S = 60.0


@pytest.fixture
def http(fake_app: App) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=fake_app.url, timeout=60) as client:
        yield client


def listed(http: httpx.Client, path: str = "tags") -> dict[str, dict[str, Any]]:
    models = http.get(f"/api/{path}").raise_for_status().json()["models"]
    return {model["name"]: model for model in models}


def say(
    http: httpx.Client, model: str = MODEL, text: str = "one two", **keys: Any
) -> dict[str, Any]:
    turns = [{"role": "user", "content": text}]
    body = {"model": model, "messages": turns, "stream": False, **keys}
    found: dict[str, Any] = http.post("/api/chat", json=body).raise_for_status().json()
    return found


def check_entry(entry: dict[str, Any]) -> None:
    assert set(entry) >= ENTRY
    assert entry["name"] == entry["model"]
    assert ":" in entry["name"]
    assert re.fullmatch(DATE, entry["modified_at"])
    assert re.fullmatch(r"[0-9a-f]{64}", entry["digest"])
    assert isinstance(entry["size"], int)
    assert {name: type(value) for name, value in entry["details"].items()} == DETAILS


def test_every_entry_of_the_list_has_all_that_clients_read(http: httpx.Client) -> None:
    models = listed(http)
    assert {f"{MODEL}:latest", f"{EMBEDDER}:latest"} <= set(models)
    assert not any(name.startswith(("fake-stt", "fake-tts")) for name in models)
    for entry in models.values():
        check_entry(entry)
    assert models[f"{EMBEDDER}:latest"]["capabilities"] == ["embedding"]
    assert models["fake-vision:latest"]["capabilities"] == ["completion", "vision"]


def test_a_model_in_memory_is_told_with_the_moment_at_which_it_leaves(http: httpx.Client) -> None:
    say(http)
    entry = listed(http, "ps")[f"{MODEL}:latest"]
    check_entry(entry)
    assert re.fullmatch(DATE, entry["expires_at"])
    assert entry["size"] > 0
    assert entry["size_vram"] == 0
    assert entry["context_length"] == 4096


@pytest.mark.parametrize("forever", [-1, "-1m"])
def test_a_model_stays_as_long_as_it_is_told(http: httpx.Client, forever: Any) -> None:
    def year() -> int:
        return int(listed(http, "ps")[f"{MODEL}:latest"]["expires_at"][:4])

    now = time.gmtime().tm_year
    say(http, keep_alive=forever)
    assert year() > now + 200
    say(http)  # says nothing, so it is as before
    assert year() > now + 200
    say(http, keep_alive="10m")
    assert year() <= now + 1


@pytest.mark.parametrize("nothing", [0, "0", "0s"])
def test_a_model_leaves_after_its_answer(http: httpx.Client, nothing: Any) -> None:
    assert say(http, keep_alive=nothing)["message"]["content"]
    assert f"{MODEL}:latest" not in listed(http, "ps")


@pytest.mark.parametrize(
    ("path", "empty"), [("generate", {"prompt": ""}), ("chat", {"messages": []})]
)
def test_a_body_without_a_question_loads_and_unloads(
    http: httpx.Client, path: str, empty: dict[str, Any]
) -> None:
    body = {"model": MODEL, **empty}
    loaded = http.post(f"/api/{path}", json=body)
    assert loaded.headers["content-type"] == "application/json"  # one object, stream or not
    assert (loaded.json()["done"], loaded.json()["done_reason"]) == (True, "load")
    assert f"{MODEL}:latest" in listed(http, "ps")
    for _ in range(2):  # one that is not there has left already
        unloaded = http.post(f"/api/{path}", json={**body, "keep_alive": 0})
        assert unloaded.json()["done_reason"] == "unload"
        assert f"{MODEL}:latest" not in listed(http, "ps")
    assert "response" in unloaded.json() or unloaded.json()["message"]["content"] == ""


@pytest.mark.parametrize("name", [MODEL, "FAKE-Text:latest", "library/fake-text", "fake:text"])
def test_a_model_is_found_under_its_names(http: httpx.Client, name: str) -> None:
    assert say(http, name)["model"] == name
    body = {"model": name, "messages": [{"role": "user", "content": "one"}]}
    if "/" not in name:  # the twins know the tag too
        assert http.post("/v1/chat/completions", json=body).status_code == 200


def test_show_says_what_clients_ask_for(http: httpx.Client) -> None:
    say(http)
    for key in ("model", "name"):
        found = http.post("/api/show", json={key: f"{MODEL}:latest"}).json()
        assert "FROM fake-text" in found["modelfile"]
        assert set(found["capabilities"]) == {"completion", "tools", "thinking"}
        architecture = found["model_info"]["general.architecture"]
        assert found["model_info"][f"{architecture}.context_length"] == 4096
        assert re.search(r"^num_ctx {24}4096$", found["parameters"], re.MULTILINE)
        assert isinstance(found["template"], str)
        assert re.fullmatch(DATE, found["modified_at"])
    copilot = {"user-agent": "GitHubCopilotChat/0.30"}
    named = http.post("/api/show", json={"model": f"{MODEL}:latest"}, headers=copilot).json()
    assert named["model_info"]["general.basename"] == f"{MODEL}:latest"


@pytest.fixture
def made(http: httpx.Client) -> Iterator[str]:
    """A name that is free, and free again afterwards."""
    yield "mario:1.2"
    http.request("DELETE", "/api/delete", json={"model": "mario:1.2"})
    assert "mario:1.2" not in listed(http)


def test_a_preset_acts_and_is_removed_without_its_base(http: httpx.Client, made: str) -> None:
    body = {
        "model": made,
        "from": f"{MODEL}:latest",
        "system": "You are Mario.",
        "messages": [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "Me!"}],
        "parameters": {"num_predict": 2, "stop": ["END"], "num_gpu": 3},
    }
    answer = http.post("/api/create", json=body)
    statuses = re.findall(r'"status": "([^"]*)"', answer.text)
    assert statuses[-2:] == ["writing manifest", "success"]
    assert answer.headers["x-quintet-ignored"] == "num_gpu"
    assert listed(http)[made]["details"]["parent_model"] == MODEL
    shown = http.post("/api/show", json={"model": made}).json()
    assert shown["system"] == "You are Mario."
    assert shown["messages"][0] == {"role": "user", "content": "Who?"}
    assert 'stop                           "END"' in shown["parameters"]

    said = say(http, made, "one two three")
    assert said["message"]["content"].split() == ["one", "two"]  # num_predict
    assert said["prompt_eval_count"] == len("You are Mario. Who? Me! one two three".split())
    own = [{"role": "system", "content": "Luigi."}, {"role": "user", "content": "Hi"}]
    said = http.post("/api/chat", json={"model": made, "messages": own, "stream": False}).json()
    assert said["prompt_eval_count"] == len("Luigi. Who? Me! Hi".split())

    refused = http.request("DELETE", "/api/delete", json={"model": OTHER, "name": OTHER})
    assert refused.status_code == 400  # a package
    assert http.request("DELETE", "/api/delete", json={"name": made}).content == b""
    assert made not in listed(http)
    assert f"{MODEL}:latest" in listed(http)


def test_a_copy_is_another_name(http: httpx.Client, made: str) -> None:
    answer = http.post("/api/copy", json={"source": MODEL, "destination": made})
    assert (answer.status_code, answer.content) == (200, b"")
    assert say(http, made)["message"]["content"].split() == ["one", "two"]
    again = http.post("/api/create", json={"model": made, "from": MODEL, "stream": False})
    assert again.json()["status"] == "success"


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("copy", {"source": "none", "destination": "x"}, 404, "not found"),
        ("copy", {"source": MODEL, "destination": "a b"}, 400, "name"),
        ("copy", {"source": MODEL, "destination": OTHER}, 400, "already"),
        ("create", {"model": "x"}, 400, "from"),
        ("create", {"model": "x", "from": "none"}, 404, "not found"),
        ("create", {"model": "x", "from": MODEL, "quantize": "q4_K_M"}, 400, "quantize"),
        ("create", {"model": "x", "files": {"a.gguf": "sha256:0"}}, 400, "files"),
        ("create", {"model": "x", "from": MODEL, "template": "{{ .Prompt }}"}, 400, "template"),
        ("create", {"model": "x", "from": EMBEDDER, "system": "S"}, 400, "conversations"),
        ("create", {"model": "x", "from": MODEL, "parameters": {"top_k": "many"}}, 400, "top_k"),
        ("push", {"model": MODEL}, 400, "this machine"),
        ("me", {}, 404, "account"),
        ("pull", {"model": "none", "stream": False}, 404, "not found"),
    ],
)
def test_what_cannot_be_made_is_said(
    http: httpx.Client, path: str, body: dict[str, Any], status: int, said: str
) -> None:
    answer = http.post(f"/api/{path}", json=body)
    assert answer.status_code == status, answer.text
    assert said in answer.json()["error"]


def test_a_blob_is_there_if_a_model_has_it(http: httpx.Client) -> None:
    digest = listed(http)["all-minilm-l6-v2:latest"]["digest"]
    assert http.head(f"/api/blobs/sha256:{digest}").status_code == 200
    assert http.head(f"/api/blobs/sha256:{'0' * 64}").status_code == 404
    assert http.post(f"/api/blobs/sha256:{digest}", content=b"x").status_code == 400


def test_only_an_admin_changes_models(public_app: App) -> None:
    with httpx.Client(base_url=public_app.url) as stranger:
        for method, path, body in (
            ("POST", "pull", {"model": "qwen3-0.6b"}),
            ("POST", "copy", {"source": "smollm2-135m-instruct", "destination": "x"}),
            ("POST", "create", {"model": "x", "from": "smollm2-135m-instruct"}),
            ("DELETE", "delete", {"model": "smollm2-135m-instruct"}),
        ):
            answer = stranger.request(method, f"/api/{path}", json=body)
            assert answer.status_code == 403, path
            assert "admin" in answer.json()["error"]


def test_a_key_is_asked_for_in_ollamas_words(locked_app: App) -> None:
    refused = httpx.get(f"{locked_app.url}/api/tags")
    assert refused.status_code == 401
    assert list(refused.json()) == ["error"]
    headers = {"authorization": "Bearer key-of-bob"}
    assert httpx.get(f"{locked_app.url}/api/tags", headers=headers).json()["models"]
    assert httpx.get(f"{locked_app.url}/").text == "Ollama is running"


@pytest.mark.parametrize(
    ("origin", "status"), [("http://localhost:5173", 200), ("http://evil.example", 400)]
)
def test_browsers_ask_before_and_are_told(http: httpx.Client, origin: str, status: int) -> None:
    headers = {"origin": origin, "access-control-request-method": "POST"}
    assert http.options("/api/chat", headers=headers).status_code == status
    refused = http.post("/api/chat", json={"model": MODEL}, headers={"host": "evil.example"})
    assert refused.status_code == 403
