"""The pool's rules under everything that can happen to them, in a world with a clock that jumps.

300 histories each time; 10,000 with `make histories`. A history that fails is told
as it was found: making it smaller takes minutes, for which `ALIKE` wants the phase `shrink` besides.
What was found is kept below, and in `test_starvation.py`.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.pool.scheduling import Scheduling

ALIKE = settings(
    derandomize=True,
    database=None,
    deadline=None,
    stateful_step_count=40,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_300_histories() -> None:
    run_state_machine_as_test(Scheduling, settings=settings(ALIKE, max_examples=300))


@pytest.mark.histories
@pytest.mark.timeout(3600)
def test_10_000_histories() -> None:
    run_state_machine_as_test(Scheduling, settings=settings(ALIKE, max_examples=10_000))
