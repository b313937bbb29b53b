"""Whoever waits is served, whatever the others do: what once kept somebody waiting for ever."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pool.simulated import Errand, Fate, SimulatedPool
from workers.messages import Finished


@pytest.fixture
def sim() -> Iterator[SimulatedPool]:
    sim = SimulatedPool()
    yield sim
    sim.close()


def test_told_to_sleep_more_often_than_a_load_takes_it_still_answers(sim: SimulatedPool) -> None:
    sim.machine.fate = Fate(load_s=1.5)
    asks = [sim.submit("text") for _ in range(4)]
    for _ in range(100):
        sim.pool.sleep("text")
        sim.run_for(0.2)
    assert all(isinstance(asked.end, Finished) for asked in asks)
    assert [asked.end.reason for asked in asks] == ["stop"] * 4  # type: ignore[union-attr]
    assert not sim.machine.alive  # and then it did as it was told


def test_requests_that_it_was_started_for_and_that_left_are_owed_to_nobody(
    sim: SimulatedPool,
) -> None:
    sim.machine.fate = Fate(load_s=5)
    owed = [sim.submit("text-c") for _ in range(10)]
    sim.run_for(1)
    other = sim.submit("stt")
    for asked in owed:
        sim.cancel(asked)
    late = [sim.submit("text-c", Errand(takes_s=5)) for _ in range(8)]
    while other.ended is None:
        sim.run_for(0.1)
    assert all(asked.ended is None for asked in late)  # they came after it
