"""When a process is taken to hang: told by its progress, its work and its answers, in simulated time."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from workers.pool.pending import PoolLimits
from workers.pool.vitals import Vitals
from workers.pool.watch import Watch

LIMITS = PoolLimits(ping_every_s=5, ping_timeout_s=60, stall_timeout_s=120, spin_timeout_s=900)


@dataclass
class Process:
    """A process whose work per second is known, looked at twice a second."""

    cpu_share: float = 0.0
    read_per_s: float = 0.0
    answers: bool = True
    is_loading: bool = False
    num_running: int = 1
    progress_every_s: float = 1e9
    now: float = 1000.0
    watch: Watch = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.now
        self.watch = Watch(LIMITS, self._vitals, self.now)

    def _vitals(self) -> Vitals:
        age_s = self.now - self.started
        return Vitals(cpu_s=self.cpu_share * age_s, read_bytes=int(self.read_per_s * age_s))

    def live(self, seconds: float) -> tuple[float, str]:
        """Return after how many seconds it is given up, and why; "" if it lives on."""
        start = progressed = self.now
        while self.now - start < seconds:
            self.now += 0.5
            if self.answers:
                self.watch.note_answer(self.now)
            if self.now - progressed >= self.progress_every_s:
                progressed = self.now
                self.watch.note_progress(self.now)
            hang_reason = self.watch.hang_reason(
                self.now, is_loading=self.is_loading, num_running=self.num_running
            )
            if hang_reason:
                return self.now - start, hang_reason
        return seconds, ""


@pytest.mark.parametrize("is_loading", [True, False])
def test_what_neither_comes_further_nor_computes_is_given_up_soon(is_loading: bool) -> None:
    after_s, why = Process(is_loading=is_loading, num_running=int(not is_loading)).live(2000)
    assert 120 < after_s < 130
    assert "without progress" in why


def test_threads_that_only_poll_do_not_pass_for_work() -> None:
    assert Process(cpu_share=0.005).live(2000)[0] < 130


@pytest.mark.parametrize("cpu_share", [0.02, 1.0, 8.0])
def test_what_computes_is_given_more_time_and_not_for_ever(cpu_share: float) -> None:
    after_s, why = Process(cpu_share=cpu_share).live(2000)
    assert 900 < after_s < 910
    assert "of work without progress" in why


@pytest.mark.parametrize(
    "honest",
    [
        Process(progress_every_s=110),  # waits long for each step
        Process(progress_every_s=800, cpu_share=2.0),  # a batch of a prompt on a slow machine
        Process(is_loading=True, num_running=0, read_per_s=5e6, cpu_share=0.001),  # a slow disk
        Process(is_loading=True, num_running=0, read_per_s=5e6, answers=False),  # a library that…
        Process(num_running=0),  # nothing to do
    ],
)
def test_what_is_only_slow_is_left_alone(honest: Process) -> None:
    assert honest.live(5000) == (5000, "")


def test_a_library_that_keeps_a_load_from_answering_has_as_long_as_any_work() -> None:
    after_s, _ = Process(is_loading=True, num_running=0, answers=False, cpu_share=1.0).live(2000)
    assert 900 < after_s < 910


@pytest.mark.parametrize("cpu_share", [0.0, 1.0])
def test_a_loaded_process_that_does_not_answer_is_given_up(cpu_share: float) -> None:
    after_s, why = Process(answers=False, cpu_share=cpu_share, num_running=0).live(2000)
    assert 60 < after_s < 70
    assert "without a sign of life" in why


def test_time_in_which_nobody_looked_does_not_count() -> None:
    process = Process(answers=False)
    assert process.live(50)[1] == ""
    process.now += 3600  # the page's own process was stopped meanwhile
    assert process.live(5)[1] == ""
    assert process.live(10)[1] != ""
