"""Workers whose models run on another server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from configs.catalogue import ModelCard
from workers.engines.contract import Worker
from workers.engines.registry import create_worker
from workers.messages.process_spec import WorkerSettings
from workers.specs.spec import spec_of

KEY_NAME = "SCRIPTED_API_KEY"
KEY = "sk-scripted-0123456789-abcdefghij"

Load = Callable[..., Worker]


def remote_card(modality: str, source: str, engine: str = "remote", **options: object) -> ModelCard:
    return ModelCard(
        id=f"far-{modality}",
        name="Far Model",
        modality=modality,  # type: ignore[arg-type]
        engine=engine,
        source=f"remote:{source}",
        files={},
        license="remote service",
        license_url="https://example.org/terms",
        origin="Example",
        parameters_m=0,
        memory_mib=70,
        options=options,
    )


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    """Load a worker for a server; closed after the test."""
    opened: list[Worker] = []

    def create(modality: str, source: str, engine: str = "remote", **options: object) -> Worker:
        card = remote_card(modality, source, engine, **options)
        spec = spec_of(card)
        assert spec is not None
        worker = create_worker(spec.modality, spec.target)
        settings = WorkerSettings(card=card, threads=1, slots=1, data_dir=tmp_path, limits={})
        worker.load(settings, lambda loading: None)
        opened.append(worker)
        return worker

    yield create
    for worker in opened:
        worker.close()


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    """A key in the environment; returns the name of its variable."""
    monkeypatch.setenv(KEY_NAME, KEY)
    return KEY_NAME
