"""What stands between two texts is written by a model that was made for it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from configs.catalogue import load_catalogue
from tests.coder import coder_card
from tests.running import App, start_app, stop_app
from workers.models.importing import save

pytestmark = pytest.mark.coder

MODEL = "qwen2.5-coder-0.5b-instruct"


@pytest.fixture(scope="module")
def coder_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("insert")
    templates = load_catalogue()["qwen2.5-coder-1.5b-instruct"].templates
    save(coder_card().model_copy(update={"templates": templates}), folder / "data")
    running = start_app(folder, QUINTET_POOL__WARM="[]")
    yield running
    stop_app(running)


def test_a_function_gets_its_body(coder_app: App) -> None:
    shown = httpx.post(f"{coder_app.url}/api/show", json={"model": MODEL}).json()
    assert "insert" in shown["capabilities"]
    assert ".Suffix" in shown["template"]
    body = {
        "model": MODEL,
        "prompt": "def add(first, second):\n    return ",
        "suffix": "\n\n\nprint(add(1, 2))\n",
        "stream": False,
        "options": {"temperature": 0, "num_predict": 16},
    }
    answer = httpx.post(f"{coder_app.url}/api/generate", json=body, timeout=120).json()
    assert "first + second" in answer["response"]
    assert "context" not in answer
