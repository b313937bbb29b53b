"""Both systems' files served for real: file → settings and card → pool → their own route."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import yaml

from api.app import create_api
from compat.dialects import DIALECTS
from compat.geniusrise.config import read_genius
from compat.layers import Layer
from compat.llm_api.config import read_llm_api
from configs.catalogue import load_catalogue
from configs.settings import load_settings
from workers.assembly import build_pool

from .test_genius import packaged_gguf

PROMPT = "The capital of France is"
QUESTION = "What is the capital of France? Answer briefly."


@contextmanager
def served(layer: Layer, folder: Path) -> Iterator[httpx.AsyncClient]:
    flags = {**layer.settings, "data_dir": str(folder / "data")}
    settings = load_settings("cpu", flags)
    cards = {**load_catalogue(), **{card.id: card for card in layer.cards}}
    pool, client = build_pool(settings, cards)
    pool.start()
    try:
        transport = httpx.ASGITransport(create_api(client, settings, DIALECTS))
        yield httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=60)
    finally:
        pool.close()


def write(path: Path, content: object) -> Path:
    path.write_text(yaml.safe_dump(content))
    return path


async def test_a_genius_file_chats_with_the_weights_it_names(tmp_path: Path) -> None:
    shutil.copy(packaged_gguf(), tmp_path / "tiny.Q4_1.gguf")
    args = {
        "model_name": "tiny.Q4_1.gguf",
        "llama_cpp_n_ctx": 512,
        "username": "user",
        "password": "password",
    }
    layer = read_genius(write(tmp_path / "genius.yml", {"bolts": {"b": {"args": args}}}))
    with served(layer, tmp_path) as http:
        body = {"messages": [{"role": "user", "content": QUESTION}], "temperature": 0}
        chat = "/api/v1/chat_llama_cpp"
        answer = await http.post(chat, json=body, auth=("user", "password"))
        assert "Paris" in answer.json()["choices"][0]["message"]["content"]
        assert answer.json()["model"] == "tiny.q4_1"
        assert (await http.post(chat, json=body)).status_code == 401
        long = {"messages": [{"role": "user", "content": "word " * 600}]}
        refused = await http.post(chat, json=long, auth=("user", "password"))
        assert "the model's context holds 512" in refused.json()["message"]


async def test_a_config_file_generates_with_the_weights_of_an_earlier_run(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "llama_0123456789ab"
    folder.mkdir(parents=True)
    shutil.copy(packaged_gguf(), folder / "model.gguf")
    content = {"model_family": "llama", "setup_params": {"filename": "model.gguf"}}
    path = write(tmp_path / "config.yaml", content)
    layer = read_llm_api(path, {"LLM_API_MODELS_DIR": str(tmp_path / "models")})
    with served(layer, tmp_path) as http:
        body = {"prompt": PROMPT, "params": {"n_predict": 5, "temp": 0}}
        assert (await http.post("/generate", json=body)).json().startswith(" Paris")


async def test_a_family_whose_engine_is_not_here_says_how_to_run_it(tmp_path: Path) -> None:
    content = {"model_family": "gptq_llama", "setup_params": {"repo_id": "owner/Model-7b-gptq"}}
    layer = read_llm_api(write(tmp_path / "config.yaml", content), {})
    with served(layer, tmp_path) as http:
        for route in ("/generate", "/agenerate"):
            answer = await http.post(route, json={"prompt": PROMPT})
            assert answer.status_code == 501
            assert "runs in the environment gptq, which is not there." in answer.text
            assert "quintet env create gptq" in answer.text
