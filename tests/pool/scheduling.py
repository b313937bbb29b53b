"""Everything that can happen to a pool, in any order; after each step nothing may be wrong."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.pool.pests import KINDS, Kind, Pest
from tests.pool.simulated import Ask, SimulatedPool, budget_of
from tests.pool.simulated_machine import MODALITIES, ROOM_MIB, SIZES_MIB, Errand, FakeProcess, Fate
from workers.messages import Modality

BOUND_S = 480.0
"""Nobody waits longer: a full line of six for each of three workers, each request with a load of its own
that takes 3 s, an engine that goes on for 2 s although it was stopped, and one that leaves only by force;
twice as long for those that hang for 8 s, or compute for 16 s, until they are given up."""

QUIET_S = 120.0
"""What was only warmed may hang for 8 s, twice, in each of three workers, and pause in between."""
DEADLINE_S = 120.0
"""What the settings give to who names none: beside others that get on, work without end has no other."""

models = st.sampled_from(sorted(SIZES_MIB))
modalities = st.sampled_from(MODALITIES)
errands = st.builds(
    Errand,
    takes_s=st.sampled_from([0.05, 1.0, 3.0]),
    end=st.sampled_from(["finish", "finish", "finish", "fail", "die", "deaf", "spin"]),
)
fates = st.builds(
    Fate,
    load=st.sampled_from(["ready", "ready", "error", "out_of_memory", "die", "hang"]),
    load_s=st.sampled_from([0.1, 1.0, 3.0]),
    is_stubborn=st.booleans(),
)


class Scheduling(RuleBasedStateMachine):
    """A pool with two slots in each of three workers, of which no two large ones fit together."""

    has_vision = False
    bound_s = BOUND_S

    def __init__(self) -> None:
        super().__init__()
        self.sim = SimulatedPool(has_vision=self.has_vision)
        self.machine, self.pool = self.sim.machine, self.sim.pool
        self.machine.on_start = self._on_start
        self.machine.on_shut_down = self._on_shut_down
        self.pests: list[Pest] = []
        self.is_closing = False

    # --- requests --------------------------------------------------------------------------------

    @rule(model=models, errand=errands, num=st.sampled_from([1, 1, 2, 6]), is_patient=st.booleans())
    def submit(self, model: str, errand: Errand, num: int, is_patient: bool) -> None:
        timeout_s = (DEADLINE_S if is_patient else 5.0) if errand.is_endless else None
        for _ in range(num):
            self.sim.submit(model, errand, timeout_s)

    @rule(model=models, timeout_s=st.sampled_from([0.0, 0.5, 4.0]))
    def submit_in_a_hurry(self, model: str, timeout_s: float) -> None:
        self.sim.submit(model, Errand(), timeout_s)

    @precondition(lambda self: self.sim.open)
    @rule(data=st.data(), num=st.sampled_from([1, 1, 6]))
    def cancel(self, data: Any, num: int) -> None:
        first = data.draw(st.integers(0, len(self.sim.open) - 1))
        for asked in self.sim.open[first : first + num]:
            self.sim.cancel(asked)

    # --- people ----------------------------------------------------------------------------------

    @rule(modality=modalities)
    def sleep(self, modality: Modality) -> None:
        self.sim.sleep(modality)

    @rule(chosen=st.lists(modalities, max_size=3))
    def warm(self, chosen: list[Modality]) -> None:
        self.pool.warm(chosen)

    @rule(modality=modalities, is_pinned=st.booleans())
    def pin(self, modality: Modality, is_pinned: bool) -> None:
        self.pool.pin(modality, is_pinned=is_pinned)

    @rule(room_mib=st.sampled_from([ROOM_MIB] * 4 + [70, 45, 10]))
    def allow(self, room_mib: int) -> None:
        self.pool.allow(budget_of(room_mib))

    @precondition(lambda self: len(self.pests) < 3)
    @rule(
        kind=st.sampled_from(KINDS),
        modality=modalities,
        every_s=st.sampled_from([0.1, 0.7, 2.0]),
        is_aimed=st.booleans(),
    )
    def pester(self, kind: Kind, modality: Modality, every_s: float, is_aimed: bool) -> None:
        if is_aimed and self.sim.open:
            modality = self.sim.open[0].model.modality  # at the one who has waited longest
        self.pests.append(Pest(self.sim, kind, modality, every_s))

    @precondition(lambda self: len(self.pests) == 3)
    @rule()
    def leave_in_peace(self) -> None:
        while self.pests:
            self.pests.pop().stop()

    # --- the machine -----------------------------------------------------------------------------

    @rule(fate=fates, num=st.sampled_from([1, 1, 2, 6]))
    def fate(self, fate: Fate, num: int) -> None:
        self.machine.fates = [fate] * num

    @precondition(lambda self: self.machine.alive)
    @rule(data=st.data(), how=st.sampled_from(["dies", "falls silent"]))
    def process(self, data: Any, how: str) -> None:
        process = data.draw(st.sampled_from(self.machine.alive))
        if how == "dies":
            process.exit("killed by SIGKILL")
        else:
            process.is_silent = True

    @rule(
        delay_s=st.sampled_from([0.0, 0.0, 0.3]),
        thread_s=st.sampled_from([0.0, 0.0, 0.2]),
        lag_s=st.sampled_from([0.0, 0.2, 2.0]),
    )
    def slow_down(self, delay_s: float, thread_s: float, lag_s: float) -> None:
        self.machine.delay_s, self.machine.lag_s = delay_s, lag_s
        self.machine.thread_s = thread_s

    @rule(others_mib=st.sampled_from([0, 0, 0, 30, 80]))
    def other_programs(self, others_mib: int) -> None:
        self.machine.others_mib = others_mib

    @rule(duration_s=st.sampled_from([0.0, 0.01, 0.1, 0.3]))
    def a_moment_passes(self, duration_s: float) -> None:
        self.sim.run_for(duration_s)

    @rule(duration_s=st.sampled_from([1.0, 2.0, 3.0]))
    def seconds_pass(self, duration_s: float) -> None:
        self.sim.run_for(duration_s)

    @rule(duration_s=st.sampled_from([5.0, 10.0, 30.0]))
    def time_passes(self, duration_s: float) -> None:
        self.sim.run_for(duration_s)
        self.nobody_waits_too_long()

    # --- what must hold --------------------------------------------------------------------------

    @invariant()
    def nothing_is_wrong(self) -> None:
        self.sim.check()

    @invariant()
    def nobody_waits_too_long(self) -> None:
        now = self.sim.loop.time()
        late = [asked for asked in self.sim.open if now - asked.since > self.bound_s]
        assert not late, f"{len(late)} requests wait for ever, the first for {late[0].model.id}"

    @invariant()
    def the_tracker_counts_what_there_is(self) -> None:
        granted = set(self.sim.tracker.allocations())
        alive = {process.model.modality for process in self.machine.alive}
        assert alive <= granted
        handles = self.pool._handles.values()
        assert granted == {handle.modality for handle in handles if handle.has_process}

    @invariant()
    def nobody_sleeps_in_memory(self) -> None:
        """What the page shows of the workers and of the memory is of one moment."""
        status = self.pool.status()
        asleep = {worker.modality for worker in status.workers if worker.state == "asleep"}
        assert not asleep & status.memory.allocations.keys()

    def _on_start(self, process: FakeProcess) -> None:
        modality = process.model.modality
        others = [p for p in self.machine.alive if p is not process]
        if any(other.model.modality == modality for other in others):
            self.machine.wrong.append(f"a second process for {modality}")
        in_use_mib = process.model.memory_mib + sum(other.model.memory_mib for other in others)
        allowed_mib, left_mib = self.sim.tracker.bounds_mib(modality)
        if in_use_mib > allowed_mib:
            self.machine.wrong.append(f"{in_use_mib} MiB in use, {allowed_mib} allowed")
        if self.machine.taken_mib > left_mib:
            self.machine.wrong.append("more taken than the machine has")

    def _on_shut_down(self, process: FakeProcess) -> None:
        modality = process.model.modality
        if self.is_closing or self.sim.sent_to_sleep.get(modality, 0.0) >= process.asked_for:
            return
        if process.running:
            self.machine.wrong.append(f"{process.model.id} had to leave its work")
        first = self.pool._handles[modality]._turns.waiting.first
        gives_way_to_its_own = first is not None and first.card != process.model
        if self._is_pinned(modality) and not gives_way_to_its_own:
            self.machine.wrong.append(f"{modality} is pinned and had to leave")

    def _is_pinned(self, modality: Modality) -> bool:
        return modality in self.sim.tracker.pinned

    def teardown(self) -> None:
        """All who wait are served, whoever goes on pestering; then nobody stands in line for nobody."""
        self._wait_for(self.sim.open)
        self.leave_in_peace()
        self._wait_for(self.sim.open)
        give_up = self.sim.loop.time() + QUIET_S
        self.sim.run_for(15)
        while self.pool._scheduler._line and self.sim.loop.time() < give_up:
            self.sim.run_for(2)
        assert not self.pool._scheduler._line
        self.is_closing = True
        self.sim.close()

    def _wait_for(self, asks: list[Ask]) -> None:
        while any(asked.ended is None for asked in asks):
            self.sim.run_for(2)
            self.nobody_waits_too_long()
