"""`quintet serve --engine fake`: the page and the doors answer without any weights."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from gradio_client import Client, handle_file

from tests.running import ROOT, App, command_of
from workers.specs.spec import model_libraries

SAID = "Say this back."
ASSETS = ROOT / "assets"
RECEIPT = ASSETS / "example-receipt.png"
PICTURE = "data:image/png;base64," + base64.b64encode(RECEIPT.read_bytes()).decode()
CHAT = [{"role": "user", "content": SAID}]
DOORS: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": CHAT},
    "/v1/completions": {"prompt": SAID},
    "/v1/responses": {"input": SAID},
    "/v1/messages": {"model": "fake-text", "max_tokens": 50, "messages": CHAT},
    "/api/v1/chat_vllm": {"messages": CHAT},
}


@pytest.fixture(scope="module")
def app(fake_app: App) -> App:
    return fake_app


@pytest.fixture(scope="module")
def page(app: App, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("downloads")
    client = Client(app.url, verbose=False, download_files=str(folder))
    yield client
    client.close()


def post(app: App, path: str, **sent: Any) -> httpx.Response:
    answer = httpx.post(f"{app.url}{path}", timeout=60, **sent)
    assert answer.is_success, answer.text
    return answer


@pytest.mark.parametrize("path", DOORS)
def test_every_dialect_says_the_same_back(app: App, path: str) -> None:
    assert SAID in post(app, path, json=DOORS[path]).text


def test_sound_pictures_and_vectors_are_answered(app: App) -> None:
    spoken = post(
        app, "/v1/audio/speech", json={"model": "fake-tts", "voice": "low", "input": SAID}
    )
    assert len(spoken.content) > 1000
    with (ASSETS / "example-speech.mp3").open("rb") as file:
        heard = post(app, "/v1/audio/transcriptions", files={"file": file})
    assert "10.3 seconds of sound" in heard.json()["text"]
    content = [
        {"type": "image_url", "image_url": {"url": PICTURE}},
        {"type": "text", "text": "What?"},
    ]
    asked = {"model": "fake-vision", "messages": [{"role": "user", "content": content}]}
    assert "420 × 600 pixels" in post(app, "/v1/chat/completions", json=asked).text
    embedded = post(app, "/v1/embeddings", json={"input": ["red fox"]}).json()["data"]
    assert len(embedded[0]["embedding"]) == 256
    ranked = post(app, "/v1/rerank", json={"query": "red fox", "documents": ["a whale", "a fox"]})
    assert ranked.json()["results"][0]["index"] == 1


def test_the_pages_endpoints_answer(page: Client) -> None:
    assert page.predict(question=SAID, api_name="/ask") == SAID
    assert Path(page.predict(text=SAID, api_name="/speak")).stat().st_size > 0
    speech = handle_file(str(ASSETS / "example-speech.mp3"))
    assert "seconds of sound" in page.predict(audio=speech, api_name="/transcribe")
    seen = page.predict(
        picture=handle_file(str(RECEIPT)), question="What?", api_name="/read_picture"
    )
    assert "420 × 600 pixels" in seen
    models = page.predict(api_name="/list_models")
    assert {model["id"] for model in models if model["id"].startswith("fake-")} >= {
        "fake-text",
        "fake-rag",
    }


def test_chat_is_answered_without_a_model_library(app: App) -> None:
    post(app, "/v1/chat/completions", json={"messages": CHAT})
    children = psutil.Process(app.process.pid).children()
    (child,) = (process for process in children if "quintet text" in command_of(process))
    mapped = " ".join(region.path for region in child.memory_maps())
    assert [name for name in model_libraries() if f"/{name}/" in mapped] == []
