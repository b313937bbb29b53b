"""Pools of real processes around fake engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from configs.catalogue import ModelCard
from workers.client import Client
from workers.job import Patience
from workers.messages import ChatMessage, Generate
from workers.models import Models
from workers.pool import Pool
from workers.process import Birth
from workers.threads import wait_policy
from workers.worker import WorkerSettings

REGISTRY = {
    modality: {"fake": "tests.pool.fakes:FakeWorker"} for modality in ("text", "stt", "tts")
}


def card(modality: str) -> ModelCard:
    return ModelCard.model_validate(
        {
            "id": f"fake-{modality}",
            "name": f"Fake {modality}",
            "modality": modality,
            "engine": "fake",
            "source": "path:/nowhere",
            "files": {"none": "0" * 64},
            "license": "MIT",
            "license_url": "none",
            "origin": "tests",
            "parameters_m": 0,
            "memory_mib": 10,
        }
    )


def birth(
    modality: str, data_dir: Path, slots: int = 1, limits: dict[str, float] | None = None
) -> Birth:
    settings = WorkerSettings(
        card=card(modality), threads=1, slots=slots, data_dir=data_dir, limits=limits or {}
    )
    return Birth(
        name=modality,
        modality=modality,
        engine="fake",
        registry=REGISTRY,
        settings=settings,
        environment=wait_policy(1),
        log_level="WARNING",
    )


def say(text: str, **fields: Any) -> Generate:
    return Generate(messages=(ChatMessage(role="user", text=text),), **fields)


MakePool = Callable[..., tuple[Pool, Client]]


@pytest.fixture
def make_pool(tmp_path: Path) -> Iterator[MakePool]:
    """Build started pools; every one is closed at the end, and no process may be left."""
    pools: list[Pool] = []

    def make(
        slots: int = 1, limits: dict[str, float] | None = None, **patience: Any
    ) -> tuple[Pool, Client]:
        births = {name: birth(name, tmp_path, slots, limits) for name in ("text", "stt", "tts")}
        pool = Pool(births, Patience(**patience))  # type: ignore[arg-type]
        pool.start()
        pools.append(pool)
        cards = {f"fake-{name}": card(name) for name in births}
        models = Models(lambda: cards, {name: f"fake-{name}" for name in births})  # type: ignore[misc]
        return pool, Client(pool, models)

    yield make
    for pool in pools:
        pool.close()
        assert all(worker.pid is None for worker in pool.status().workers)
