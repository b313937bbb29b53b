"""A pool whose workers may hold so much together, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from configs.catalogue import ModelCard
from tests.pool.conftest import place_of, process_spec
from tests.pool.tight.asking import MODELS, WORKERS, PageOfKnownSize, Start, hungry_card
from workers.client import Client
from workers.messages.errors import LoadError
from workers.messages.process_spec import ProcessSpec
from workers.models.lookup import Models
from workers.pool.host import Host
from workers.pool.memory.machine import read_memory
from workers.pool.memory.manager import MemoryManager
from workers.pool.memory.placement import Placement
from workers.pool.memory.tracker import Budget, MemoryTracker
from workers.pool.pending import PoolLimits
from workers.pool.pool import Pool


@pytest.fixture
def page() -> PageOfKnownSize:
    return PageOfKnownSize()


@pytest.fixture
def start(tmp_path: Path, page: PageOfKnownSize) -> Iterator[Start]:
    """Start a pool whose workers may hold `room_mib` together."""
    pools: list[Pool] = []
    cards = {found.id: found for found in map(hungry_card, MODELS)}
    models = Models(lambda: cards, {name: f"fake-{name}" for name in WORKERS})

    def make(room_mib: int, pinned: tuple[str, ...] = (), slots: int = 1) -> tuple[Pool, Client]:
        budget = Budget(ram_mib=page.mib + room_mib, leave_room_mib=0)
        memory = MemoryManager(
            tracker=MemoryTracker(read_memory, budget, pinned),
            places=place_of,
            record=lambda card, device, peak_mib: None,
        )

        def process_spec_of(card: ModelCard, placement: Placement) -> ProcessSpec:
            if (tmp_path / f"gone-{card.id}").exists():
                raise LoadError(f"{card.name} has lost its environment.")
            return replace(
                process_spec(card, tmp_path, slots), target="tests.pool.hungry:HungryWorker"
            )

        limits, host = PoolLimits(restart_pause_s=0.05), Host(scales=page)
        pool = Pool(models, process_spec_of, limits, memory, host)
        pool.start()
        pools.append(pool)
        for found in cards.values():
            if found.id != "fake-text-huge":  # that is worked out when it is asked for
                pool.prepare(found)
        return pool, Client(pool, models)

    yield make
    for pool in pools:
        pool.close()
