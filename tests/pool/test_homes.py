"""Words and pictures whose default models become one while the pool is at work."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pool.simulated import SimulatedPool
from tests.pool.simulated_machine import SEEING

MODEL = f"fake-{SEEING}"


@pytest.fixture
def sim() -> Iterator[SimulatedPool]:
    sim = SimulatedPool(has_vision=True)
    yield sim
    sim.close()


def in_memory(sim: SimulatedPool) -> list[str]:
    return [process.model.id for process in sim.machine.alive]


def test_what_is_warmed_while_its_model_changes_wakes_where_the_new_one_lives(
    sim: SimulatedPool,
) -> None:
    sim.machine.thread_s = 0.2  # so long is worked on the estimates
    sim.pool.warm(["vision"])
    sim.run_for(0.1)
    sim.models.use("text", MODEL)
    sim.run_for(3)
    assert in_memory(sim) == [MODEL]
    assert set(sim.tracker.allocations()) == {"text"}
    sim.submit(SEEING)
    sim.run_for(3)
    assert in_memory(sim) == [MODEL]


def test_pictures_sent_to_sleep_are_not_warmed_after_all(sim: SimulatedPool) -> None:
    sim.models.use("text", MODEL)
    sim.machine.thread_s = 0.2
    sim.pool.warm(["vision", "stt"])
    sim.run_for(0.1)
    sim.pool.sleep("vision")
    sim.run_for(3)
    assert in_memory(sim) == ["fake-stt"]


def test_a_pin_on_pictures_keeps_the_text_model_that_sees(sim: SimulatedPool) -> None:
    sim.models.use("text", MODEL)
    sim.pool.pin("vision", is_pinned=True)
    sim.submit(SEEING)
    sim.run_for(3)
    sim.submit("stt-b")  # 40 + 60 MiB: all that there is
    sim.run_for(3)
    refused = sim.submit("tts")
    sim.run_for(3)
    assert refused.ended is not None
    assert in_memory(sim) == [MODEL, "fake-tts"]
    sim.pool.pin("text", is_pinned=False)  # with all who live in it
    sim.submit("stt-b")
    sim.run_for(1)
    sim.submit("text-c")
    sim.run_for(5)
    assert in_memory(sim) == ["fake-text-c"]
