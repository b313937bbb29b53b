"""Pools of real processes around an engine that gets stuck."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.pool.conftest import MakePool, fake_models, process_spec, roomy_memory
from workers.client import Client
from workers.pool.pending import PoolLimits
from workers.pool.pool import Pool

STUCK = "tests.faults.stuck:StuckWorker"


@pytest.fixture
def make_pool(tmp_path: Path) -> Iterator[MakePool]:
    """Build started pools with short time-outs; every one is closed at the end."""
    pools: list[Pool] = []

    def make(slots: int = 1, **limits: Any) -> tuple[Pool, Client]:
        pool = Pool(
            models := fake_models(),
            lambda card, placement: replace(process_spec(card, tmp_path, slots), target=STUCK),
            PoolLimits(
                **{"ping_every_s": 0.1, "stop_grace_s": 0.3, "restart_pause_s": 0.01} | limits
            ),
            roomy_memory(),
        )
        pool.start()
        pools.append(pool)
        return pool, Client(pool, models)

    yield make
    for pool in pools:
        pool.close()
        assert all(worker.pid is None for worker in pool.status().workers)
