"""A card whose files lie on a hub of this machine."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from configs.catalogue import ModelCard
from configs.settings import HubSettings
from tests.downloads.fresh_machine import CHANGED, SPEECH, TEXT, FreshMachine
from tests.downloads.local_hub import LocalHub, serve
from workers.models.downloads import transfer
from workers.models.downloads.download import DownloadProgress, fetch

REPOSITORY = "maker/tiny"
WEIGHTS = random.Random(1).randbytes(3_000_000)
CONFIG = b'{"context": 512}\n'
OTHER = b"another quantisation"
LENGTHS = {"tiny.Q4_K_M.gguf": len(WEIGHTS), "config.json": len(CONFIG)}


def make_card(**changes: Any) -> ModelCard:
    return ModelCard.model_validate(
        {
            "id": "tiny",
            "name": "Tiny",
            "modality": "text",
            "engine": "llamacpp",
            "source": f"hf:{REPOSITORY}@main",
            "files": {"tiny.Q4_K_M.gguf": None, "config.json": None},
            "license": "MIT",
            "license_url": "https://example.org/licence",
            "origin": "tests",
            "parameters_m": 1,
            "memory_mib": 10,
            **changes,
        }
    )


@pytest.fixture
def local_hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(transfer, "FIRST_PAUSE_S", 0.02)
    files = {"tiny.Q4_K_M.gguf": WEIGHTS, "tiny.Q8_0.gguf": OTHER, "config.json": CONFIG}
    hub = LocalHub({REPOSITORY: files}, large={"tiny.Q4_K_M.gguf", "tiny.Q8_0.gguf"})
    with serve(hub):
        yield hub


Pull = Callable[..., Path]


@pytest.fixture
def pull(local_hub: LocalHub, tmp_path: Path) -> Pull:
    """Fetch a card from the local hub into this test's data folder."""

    def pull_card(
        card: ModelCard,
        on_progress: Callable[[DownloadProgress], None] = lambda progress: None,
        is_cancelled: Callable[[], bool] = lambda: False,
        **options: Any,
    ) -> Path:
        hub = HubSettings(endpoint=local_hub.url)
        return fetch(card, tmp_path, hub, on_progress, is_cancelled, **options)

    return pull_card


@pytest.fixture
def cards() -> tuple[ModelCard, ...]:
    """The set's models, whose files are small ones of the local hub."""
    return (
        make_card(id=TEXT, name="Better chat", file_bytes=LENGTHS),
        make_card(id="own", name="Somebody's own", files={"tiny.Q8_0.gguf": None}),
        make_card(id=SPEECH, name="Better ears", modality="stt", engine="onnxasr"),
        *(make_card(id=name, modality="rag", engine="onnx") for name in CHANGED),
    )


@pytest.fixture
def machine(tmp_path: Path, local_hub: LocalHub, cards: tuple[ModelCard, ...]) -> FreshMachine:
    return FreshMachine(tmp_path, local_hub.url, *cards)
