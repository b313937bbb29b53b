"""The tracker: what is granted, in use and free always adds up, whatever happens in whatever order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.pool.conftest import card
from workers.pool.memory.eviction import ResidentModel
from workers.pool.memory.machine import DeviceMemory
from workers.pool.memory.memory_estimate import MemoryEstimate
from workers.pool.memory.placement import Placement, place
from workers.pool.memory.plan import MemorySnapshot, Plan, plan
from workers.pool.memory.tracker import Allocation, Budget, MemoryTracker, headroom

TOTAL_MIB = 8000
NAMES = ("text", "stt", "tts", "vision", "rag")


def ram(free_mib: int) -> DeviceMemory:
    return DeviceMemory(device="cpu", name="RAM", total_mib=TOTAL_MIB, free_mib=free_mib)


def test_the_budget_covers_all_processes_and_what_they_may_still_grow() -> None:
    held = [Allocation(granted_mib={"cpu": 1000}, resident_mib={"cpu": 300})]
    assert headroom([ram(6000)], held, 200, Budget(ram_mib=3000, leave_room_mib=0)) == {"cpu": 1800}


def test_what_the_system_has_free_bounds_too() -> None:
    held = [Allocation(granted_mib={"cpu": 1000}, resident_mib={"cpu": 300})]
    assert headroom([ram(2000)], held, 200, Budget(leave_room_mib=500)) == {"cpu": 800}


def test_who_holds_more_than_granted_is_counted_with_it() -> None:
    held = [Allocation(granted_mib={"cpu": 1000}, resident_mib={"cpu": 1400})]
    assert headroom([ram(9000)], held, 0, Budget(ram_mib=3000, leave_room_mib=0)) == {"cpu": 1600}


def test_a_smaller_budget_lets_idle_workers_go_and_no_more_than_needed() -> None:
    tracker = MemoryTracker(lambda: (ram(5000),), Budget(ram_mib=2000, leave_room_mib=0))
    for name, mib in (("text", 900), ("tts", 300)):
        tracker.grant(name, {"cpu": mib})
        tracker.observe(name, {"cpu": mib})
    awake = [
        ResidentModel(name=name, model=name, reserved_mib=tracker.reserved_mib(name))
        for name in ("text", "tts")
    ]
    assert tracker.over_budget(tracker.devices(), awake) == ()
    tracker.budget = Budget(ram_mib=1000, leave_room_mib=0)
    assert [resident.name for resident in tracker.over_budget(tracker.devices(), awake)] == ["tts"]
    assert (
        tracker.over_budget(tracker.devices(), awake[:1], leaving=["tts"]) == ()
    )  # that is enough


class MachineHistory(RuleBasedStateMachine):
    """Workers come and go; the machine's other programs, too."""

    def __init__(self) -> None:
        super().__init__()
        self.resident: dict[str, int] = {}
        self.tracker = MemoryTracker(self.read, Budget(ram_mib=5000, leave_room_mib=100))

    def read(self) -> tuple[DeviceMemory, ...]:
        return (ram(TOTAL_MIB - sum(self.resident.values())),)

    @rule(name=st.sampled_from(NAMES), mib=st.integers(1, 6000), share=st.floats(0, 1))
    def start(self, name: str, mib: int, share: float) -> None:
        if name in self.resident:
            return
        need = MemoryEstimate(
            weights_mib=mib, kv_cache_mib=0, activations_mib=0, runtime_mib=0, error=0
        )
        where = Placement(device="cpu", need_mib={"cpu": mib}, memory_estimate=need)
        awake = [
            ResidentModel(name=other, model=other, reserved_mib=self.tracker.reserved_mib(other))
            for other in self.resident
        ]
        decision = place([where], self.tracker.headroom(self.tracker.devices()), awake)
        if decision is None:
            return
        for victim in decision.victims:
            self.stop(victim.name)
        self.tracker.grant(name, where.need_mib)
        self.resident[name] = round(mib * share)
        self.tracker.observe(name, {"cpu": self.resident[name]})

    @rule(name=st.sampled_from(NAMES))
    def stop(self, name: str) -> None:
        self.resident.pop(name, None)
        self.tracker.release(name)

    @rule(name=st.sampled_from(NAMES), share=st.floats(0, 1))
    def grow(self, name: str, share: float) -> None:
        allocation = self.tracker.allocation(name)
        if allocation is not None:
            self.resident[name] = round(allocation.granted_mib["cpu"] * share)
            self.tracker.observe(name, {"cpu": self.resident[name]})

    @invariant()
    def the_budget_is_kept(self) -> None:
        granted = sum(sum(self.tracker.reserved_mib(name).values()) for name in NAMES)
        assert granted <= 5000
        assert sum(self.resident.values()) <= 5000
        assert TOTAL_MIB - sum(self.resident.values()) >= 100

    @invariant()
    def who_has_gone_holds_nothing(self) -> None:
        for name in NAMES:
            assert bool(self.tracker.reserved_mib(name)) == (name in self.resident)


TestMachineHistory = MachineHistory.TestCase


def a_plan(need_mib: int, free_mib: int, awake: tuple[ResidentModel, ...] = ()) -> Plan:
    def places(model: object) -> tuple[Placement, ...]:
        mib = 500 if getattr(model, "id", "") == "fake-text-small" else need_mib
        need = MemoryEstimate(
            weights_mib=mib, kv_cache_mib=0, activations_mib=0, runtime_mib=0, error=0
        )
        return (Placement(device="cpu", need_mib={"cpu": mib}, memory_estimate=need),)

    snapshot = MemorySnapshot(headroom_mib={"cpu": free_mib}, residents=awake)
    return plan(card("text"), snapshot, places, [card("text", "-small")])


WHISPER = ResidentModel(name="stt", model="Whisper tiny", reserved_mib={"cpu": 700})


def test_a_plan_that_fits_says_so_with_the_numbers() -> None:
    assert str(a_plan(1000, 1500)) == (
        "Fake text fits now: needs about 1.0 GB of RAM, 1.6 GB are free."
    )


def test_a_plan_names_who_goes_to_sleep() -> None:
    found = a_plan(1000, 500, (WHISPER,))
    assert found.outcome == "fits_after_sleep"
    assert "fits after putting Whisper tiny to sleep" in str(found)


def test_a_plan_that_cannot_be_names_the_nearest_that_can() -> None:
    found = a_plan(9000, 500, (WHISPER,))
    assert found.outcome == "too_large"
    assert str(found) == (
        "Fake text will not fit: needs about 9.4 GB of RAM, 1.3 GB can be made free. "
        "Try Fake text-small."
    )


def test_a_model_takes_the_place_of_its_own_modality_without_asking() -> None:
    own = ResidentModel(name="text", model="Old", reserved_mib={"cpu": 900})
    assert a_plan(1000, 200, (own,)).outcome == "fits"


@given(st.integers(1, 10_000), st.integers(-3000, 10_000))
def test_a_plan_decides_as_the_scheduler_does(need_mib: int, free_mib: int) -> None:
    fits = a_plan(need_mib, free_mib, (WHISPER,)).outcome != "too_large"
    assert fits == (need_mib <= free_mib + 700 or need_mib <= 0)
