"""A pool at rest does little, and still sees at once what other programs take."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pool.simulated import SimulatedPool
from tests.pool.simulated_machine import ROOM_MIB, Errand
from workers.messages import Finished


@pytest.fixture
def sim() -> Iterator[SimulatedPool]:
    sim = SimulatedPool()
    yield sim
    sim.close()


@pytest.fixture
def weighed(sim: SimulatedPool, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The processes that were weighed, each time that one was."""
    pids: list[int] = []
    weigh = sim.machine.in_use_mib

    def in_use_mib(pid: int) -> dict[str, int]:
        pids.append(pid)
        return weigh(pid)

    monkeypatch.setattr(sim.machine, "in_use_mib", in_use_mib)
    return pids


def test_a_process_that_rests_is_seldom_weighed(sim: SimulatedPool, weighed: list[int]) -> None:
    asked = sim.submit("text")
    sim.run_for(5)
    assert isinstance(asked.end, Finished)
    weighed.clear()
    sim.run_for(14)
    assert 2 <= len(weighed) <= 4  # not twice a second


def test_one_that_works_is_weighed_all_the_time_and_the_others_seldom(
    sim: SimulatedPool, weighed: list[int]
) -> None:
    for model in ("text", "tts"):
        sim.submit(model)
    sim.run_for(10)
    resting, working = (process.pid for process in sim.machine.alive)
    if sim.machine.alive[0].model.modality == "tts":
        resting, working = working, resting
    sim.submit("tts", Errand(takes_s=30))
    weighed.clear()
    sim.run_for(30)
    assert weighed.count(working) >= 55
    assert weighed.count(resting) <= 7


def test_who_rests_makes_room_for_other_programs_within_two_seconds(sim: SimulatedPool) -> None:
    sim.submit("text")
    sim.run_for(10)
    assert sim.machine.alive
    sim.machine.others_mib = ROOM_MIB
    sim.run_for(2.5)
    assert not sim.machine.alive
