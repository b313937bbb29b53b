"""Pools of real processes around fake engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from configs.catalogue import ModelCard
from workers.client import Client
from workers.messages import ChatMessage, Generate, Modality
from workers.messages.process_spec import ProcessSpec, WorkerSettings
from workers.models.lookup import Models
from workers.pool.memory.machine import read_memory
from workers.pool.memory.manager import MemoryManager
from workers.pool.memory.memory_estimate import MemoryEstimate
from workers.pool.memory.placement import Placement
from workers.pool.memory.tracker import Budget, MemoryTracker
from workers.pool.pending import PoolLimits
from workers.pool.pool import Pool
from workers.pool.threads import wait_policy

TARGET = "tests.pool.fakes:FakeWorker"


def card(modality: str, suffix: str = "", **options: Any) -> ModelCard:
    return ModelCard.model_validate(
        {
            "id": f"fake-{modality}{suffix}",
            "name": f"Fake {modality}{suffix}",
            "modality": modality,
            "engine": "fake",
            "source": "path:/nowhere",
            "files": {"none": "0" * 64},
            "license": "MIT",
            "license_url": "none",
            "origin": "tests",
            "parameters_m": 0,
            "memory_mib": 10,
            "options": options,
        }
    )


def process_spec(
    card: ModelCard, data_dir: Path, slots: int = 1, limits: dict[str, float] | None = None
) -> ProcessSpec:
    settings = WorkerSettings(
        card=card, threads=1, slots=slots, data_dir=data_dir, limits=limits or {}
    )
    return ProcessSpec(
        name=card.modality,
        modality=card.modality,
        target=TARGET,
        settings=settings,
        environment=wait_policy(1),
        log_level="WARNING",
    )


def fake_models() -> Models:
    """Three modalities, and for text two models beside the default: fake-text, -b, -c."""
    cards = [card("text"), card("text", "-b"), card("text", "-c"), card("stt"), card("tts")]
    defaults: dict[Modality, str] = {name: f"fake-{name}" for name in ("text", "stt", "tts")}
    return Models(lambda: {card.id: card for card in cards}, defaults)


def roomy_memory() -> MemoryManager:
    """The memory manager of this machine, without a budget; each fake is granted what its card says."""
    return MemoryManager(
        tracker=MemoryTracker(read_memory, Budget(leave_room_mib=0)),
        places=place_of,
        record=lambda card, device, peak_mib: None,
    )


def place_of(card: ModelCard) -> tuple[Placement, ...]:
    need = MemoryEstimate(
        weights_mib=card.memory_mib, kv_cache_mib=0, activations_mib=0, runtime_mib=0, error=0
    )
    return (Placement(device="cpu", need_mib={"cpu": need.high_mib}, memory_estimate=need),)


def say(text: str, **fields: Any) -> Generate:
    return Generate(messages=(ChatMessage(role="user", text=text),), **fields)


MakePool = Callable[..., tuple[Pool, Client]]


@pytest.fixture
def make_pool(tmp_path: Path) -> Iterator[MakePool]:
    """Build started pools; every one is closed at the end, and no process may be left."""
    pools: list[Pool] = []

    def make(
        slots: int = 1,
        limits: dict[str, float] | None = None,
        memory: MemoryManager | None = None,
        **pool_limits: Any,
    ) -> tuple[Pool, Client]:
        pool = Pool(
            models := fake_models(),
            lambda card, placement: process_spec(card, tmp_path, slots, limits),
            PoolLimits(**pool_limits),
            memory or roomy_memory(),
        )
        pool.start()
        pools.append(pool)
        if memory is None:  # as the client does before it asks
            for found in models.known():
                pool.prepare(found)
        return pool, Client(pool, models)

    yield make
    for pool in pools:
        pool.close()
        assert all(worker.pid is None for worker in pool.status().workers)
