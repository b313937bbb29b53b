"""Whoever waits is served, whatever the others do: what once kept somebody waiting for ever."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pool.pests import Pest
from tests.pool.simulated import SimulatedPool
from tests.pool.simulated_machine import ROOM_MIB, SLOTS, Errand, Fate
from workers.messages import Failed, Finished


@pytest.fixture
def sim() -> Iterator[SimulatedPool]:
    sim = SimulatedPool()
    yield sim
    sim.close()


def test_sent_to_sleep_more_often_than_a_load_takes_it_still_answers(sim: SimulatedPool) -> None:
    sim.machine.fates = [Fate(load_s=1.5)] * 100
    asks = [sim.submit("text") for _ in range(4)]
    for _ in range(100):
        sim.pool.sleep("text")
        sim.run_for(0.2)
    assert all(isinstance(asked.end, Finished) for asked in asks)
    assert [asked.end.reason for asked in asks] == ["stop"] * 4  # type: ignore[attr-defined]
    assert not sim.machine.alive  # and then it did as it was told


def test_requests_that_it_was_started_for_and_that_left_are_owed_to_nobody(
    sim: SimulatedPool,
) -> None:
    sim.machine.fates = [Fate(load_s=5)]
    left = [sim.submit("text-c") for _ in range(5)]
    sim.run_for(1)
    other = sim.submit("stt")
    for asked in left:
        sim.cancel(asked)
    late = [sim.submit("text-c", Errand(takes_s=5)) for _ in range(5)]
    while other.ended is None:
        sim.run_for(0.1)
    assert all(asked.ended is None for asked in late)  # they came after it


def test_two_that_only_fit_alone_take_turns_under_streams_for_both(sim: SimulatedPool) -> None:
    pests = [Pest(sim, "stream", "text", 0.7), Pest(sim, "stream", "stt", 0.7)]
    sim.run_for(120)
    for pest in pests:
        pest.stop()
    served = [asked for asked in sim.asks if isinstance(asked.ended and asked.end, Finished)]
    for modality in ("text", "stt"):
        num_served = sum(asked.model.modality == modality for asked in served)
        assert num_served >= 30  # half of the time, two slots, and the loads between
    assert max(asked.ended - asked.since for asked in served if asked.ended) < 30


def test_storms_of_sleeps_and_budgets_leave_no_chat_unserved(sim: SimulatedPool) -> None:
    pests = [
        Pest(sim, "sleep", "text", 0.3),
        Pest(sim, "sleep", "stt", 0.2),
        Pest(sim, "budget", "text", 0.5),
        Pest(sim, "switch", "stt", 0.7),
    ]
    num_answers = 0
    for _ in range(12):
        chats = [sim.submit("text", Errand(takes_s=0.05)) for _ in range(4)]
        sim.run_for(25)
        assert all(asked.ended is not None for asked in chats)
        num_answers += sum(isinstance(asked.end, Finished) for asked in chats)
    for pest in pests:
        pest.stop()
    assert num_answers == 48


def test_a_restart_is_for_whoever_waits_not_for_the_model_that_died(sim: SimulatedPool) -> None:
    sim.machine.lag_s = 0  # or nobody would restart for want of bytes
    sim.submit("stt-b", Errand(takes_s=20))
    sim.submit("text")
    sim.run_for(5.1)
    for _ in range(3):  # the pause before the third start is half a second
        (text,) = (p for p in sim.machine.alive if p.model.modality == "text")
        text.exit("killed by SIGKILL")
        sim.run_for(0.3)
    waiting = sim.submit("text-c")  # once stt-b has left
    sim.run_for(30)
    assert waiting.ended is not None
    assert sim.machine.started[-2:] == ["fake-text", "fake-text-c"]
    assert sim.machine.started.count("fake-text") == 3


def test_one_that_is_pinned_after_it_was_asked_to_leave_stays(sim: SimulatedPool) -> None:
    working = sim.submit("text-c", Errand(takes_s=5))
    sim.run_for(2)
    other = sim.submit("stt")
    sim.run_for(1)
    sim.pool.pin("text", is_pinned=True)
    sim.run_for(10)
    assert working.ended is not None
    assert isinstance(other.end, Failed)  # there is no room while it is pinned
    assert [process.model.id for process in sim.machine.alive] == ["fake-text-c"]


def test_nobody_is_woken_for_requests_that_are_late(sim: SimulatedPool) -> None:
    sim.machine.lag_s = 0
    sim.submit("text-c", Errand(takes_s=5))
    sim.run_for(2)
    late = sim.submit("stt", timeout_s=0.5)
    sim.run_for(20)
    assert isinstance(late.end, Failed)
    assert sim.machine.started == ["fake-text-c"]


def test_an_answer_that_is_ready_after_its_deadline_is_late(sim: SimulatedPool) -> None:
    """Even by less than the half second after which the pool looks for those that are late."""
    sim.machine.lag_s = 0
    first = sim.submit("text")
    sim.run_for(5)
    late = sim.submit("text", Errand(takes_s=0.11), timeout_s=0.1)
    in_time = sim.submit("text", Errand(takes_s=0.11), timeout_s=0.2)
    sim.run_for(5)
    assert isinstance(first.end, Finished)
    assert isinstance(late.end, Failed)
    assert late.end.code == "timed_out"
    assert isinstance(in_time.end, Finished)
    assert sim.machine.started == ["fake-text"]


def test_nothing_is_sent_for_who_was_late_when_his_turn_came(sim: SimulatedPool) -> None:
    sim.machine.lag_s = 0
    sim.submit("text")
    sim.run_for(5)
    before = [sim.submit("text", Errand(takes_s=0.12)) for _ in range(SLOTS)]
    late = sim.submit("text", timeout_s=0.1)
    behind = sim.submit("text", Errand(takes_s=0.1))
    sim.run_for(5)
    assert isinstance(late.end, Failed)
    assert late.end.code == "timed_out"
    assert "still waiting in the queue" in late.end.message
    assert late.ended == before[0].ended
    assert isinstance(behind.end, Finished)


def test_a_worker_keeps_its_place_when_its_next_request_wants_another_model(
    sim: SimulatedPool,
) -> None:
    sim.submit("text-c", Errand(takes_s=5))
    sim.run_for(2)
    gone, stays = sim.submit("stt"), sim.submit("stt-b")
    behind = sim.submit("tts", Errand(takes_s=3))
    sim.cancel(gone)
    sim.run_for(60)
    assert isinstance(stays.end, Finished)
    assert isinstance(behind.end, Finished)
    assert sim.machine.started == ["fake-text-c", "fake-stt-b", "fake-tts"]


def test_a_look_of_the_same_instant_does_not_count_as_one_after_it(sim: SimulatedPool) -> None:
    """What was seen free was taken since by a process that has died, and is not back yet."""
    sim.pool.warm(["stt", "tts"])
    sim.run_for(5)
    most: list[int] = []
    sim.machine.on_start = lambda process: most.append(sim.machine.taken_mib)
    sim.pool._sampler.look()
    sim.run_for(0.0)
    sim.pool.warm(["text"])
    for _ in range(10):  # steps that take no time
        sim.run_for(0.0)
    next(p for p in sim.machine.alive if p.model.modality == "text").exit("killed by SIGKILL")
    asked = sim.submit("text")
    sim.run_for(5)
    assert isinstance(asked.end, Finished)
    assert len(most) == 2
    assert max(most) <= ROOM_MIB
