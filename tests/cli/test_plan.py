"""What fits into memory, by numbers alone."""

from __future__ import annotations

import pytest

from cli.plan import Candidate, Resident, plan_load

MODEL = Candidate(model_id="large", memory_mib=1000)
AWAKE = (
    Resident(name="text", memory_mib=400),
    Resident(name="stt", memory_mib=300),
    Resident(name="tts", memory_mib=500),
)
SMALLER = (
    Candidate(model_id="tiny", memory_mib=100),
    Candidate(model_id="medium", memory_mib=700),
    Candidate(model_id="huge", memory_mib=9000),
)


def test_what_is_free_is_enough() -> None:
    plan = plan_load(MODEL, 1000, AWAKE)
    assert (plan.outcome, plan.sleep) == ("fits", ())
    assert str(plan) == "large fits now: needs 1,000 MiB, 1,000 are free."


@pytest.mark.parametrize(
    ("free_mib", "sleep"),
    [
        (700, ("stt",)),  # the smallest that is enough
        (650, ("text",)),
        (500, ("tts",)),  # one rather than two
        (300, ("text", "stt")),  # the smallest pair
        (0, ("text", "stt", "tts")),
    ],
)
def test_as_few_as_possible_are_put_to_sleep(free_mib: int, sleep: tuple[str, ...]) -> None:
    plan = plan_load(MODEL, free_mib, AWAKE, SMALLER)
    assert (plan.outcome, plan.sleep, plan.instead) == ("fits_after_sleep", sleep, ())
    assert f"after putting {' and '.join(sleep)} to sleep" in str(plan)


def test_what_will_not_fit_has_a_smaller_one_named() -> None:
    plan = plan_load(MODEL, 500, AWAKE[1:2], SMALLER)
    assert (plan.outcome, plan.sleep, plan.instead) == ("too_large", (), ("medium", "tiny"))
    assert str(plan) == "large will not fit: needs 1,000 MiB, 500 are free. Try medium."


def test_nothing_may_fit() -> None:
    assert str(plan_load(MODEL, 10)) == "large will not fit: needs 1,000 MiB, 10 are free."
