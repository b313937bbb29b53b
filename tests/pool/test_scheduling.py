"""The pool's rules under everything that can happen to them, in a world with a clock that jumps.

300 histories each time; 10,000 with `make test-all`, in parts that two processes share. A history that
fails is told as it was found: making it smaller takes minutes, for which `ALIKE` wants the phase `shrink`
besides. What was found is kept in `test_starvation.py`.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.pool.scheduling import Scheduling
from tests.pool.scheduling_together import SchedulingTogether

ALIKE = settings(
    derandomize=True,
    database=None,
    deadline=None,
    stateful_step_count=40,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

NUM_PARTS = 8


def test_300_histories() -> None:
    run_state_machine_as_test(Scheduling, settings=settings(ALIKE, max_examples=300))


def test_150_histories_in_which_words_and_pictures_may_have_one_model() -> None:
    settings_of = settings(ALIKE, max_examples=150)
    run_state_machine_as_test(SchedulingTogether, settings=settings_of)


@pytest.mark.histories
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(NUM_PARTS))
def test_10_000_histories(part: int) -> None:
    """Each part begins with a seed of its own; every second one has a worker for pictures besides."""
    kind = SchedulingTogether if part % 2 else Scheduling
    machine = seed(part)(type(f"Scheduling{part}", (kind,), {}))
    run_state_machine_as_test(machine, settings=settings(ALIKE, max_examples=10_000 // NUM_PARTS))
