"""The page's named endpoints, driven by gradio_client."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file

from tests.rag.material import handbook_pdf
from tests.running import ROOT, App
from tests.spoken import sounds_like


@pytest.fixture(scope="module")
def client(app: App, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("downloads")
    client = Client(app.url, verbose=False, download_files=str(folder))
    yield client
    client.close()


def test_only_the_clean_endpoints_are_named(client: Client) -> None:
    listed = client.view_api(return_format="dict", print_info=False)
    assert set(listed["named_endpoints"]) == {
        "/ask",
        "/transcribe",
        "/speak",
        "/read_picture",
        "/search_documents",
        "/list_models",
    }


def test_an_answer_streams(client: Client) -> None:
    question = "What is the capital of France? Answer briefly."
    call = client.submit(question=question, temperature=0.0, api_name="/ask")
    assert "Paris" in call.result(60)
    outputs = call.outputs()
    assert all(after.startswith(before) for before, after in itertools.pairwise(outputs))


def test_speech_goes_out_and_comes_back(client: Client) -> None:
    said = "The train leaves in the morning."
    spoken = client.predict(text=said, api_name="/speak")
    path = spoken if isinstance(spoken, str) else spoken["path"]
    assert Path(path).suffix == ".mp3"
    heard = client.predict(audio=handle_file(path), api_name="/transcribe")
    assert sounds_like(heard, said)


def test_a_picture_is_read(client: Client) -> None:
    picture = handle_file(str(ROOT / "assets" / "example-receipt.png"))
    assert "24.62" in client.predict(picture=picture, api_name="/read_picture")


@pytest.fixture
def indexed(app: App) -> Iterator[str]:
    """A collection with one document, gone afterwards: others look for the same document."""
    rag, name = f"{app.url}/gen/v1/rag", "by gradio"
    httpx.post(
        f"{rag}/index_file",
        data={"collection_name": name, "metadata": "{}"},
        files={"file": ("handbook.pdf", handbook_pdf())},
        timeout=60,
    ).raise_for_status()
    yield name
    httpx.delete(f"{rag}/collection/{name}", timeout=60).raise_for_status()


def test_documents_are_searched_and_errors_are_one_sentence(client: Client, indexed: str) -> None:
    query = {"query": "trial period", "top_k": 2, "api_name": "/search_documents"}
    found = client.predict(collection=indexed, **query)
    assert len(found) == 2
    assert found[0]["score"] >= found[1]["score"]
    with pytest.raises(Exception, match="nothing here"):
        client.predict(collection="nothing here", **query)


def test_a_file_of_the_server_cannot_be_named(client: Client) -> None:
    stolen = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
    with pytest.raises(Exception):  # noqa: B017, PT011 — Gradio's own refusal, whatever its class
        client.predict(audio=stolen, api_name="/transcribe")


def test_the_models_are_listed(client: Client) -> None:
    models = client.predict(api_name="/list_models")
    assert {model["modality"] for model in models} == {"text", "stt", "tts", "vision", "rag"}
