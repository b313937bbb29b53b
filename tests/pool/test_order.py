"""Whose turn it is: nobody is overtaken, nothing is cut, everybody is served."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from workers.pool.decision import SchedulingDecision, next_decision

LINES = st.lists(st.sampled_from("abc"), max_size=12)


def test_the_next_who_wants_what_is_loaded_are_sent() -> None:
    move = next_decision("aab", "a", num_running=1, num_slots=4)
    assert move == SchedulingDecision(num_to_send=2, must_change=False)


def test_the_model_changes_only_when_nothing_runs() -> None:
    assert not next_decision("ba", "a", num_running=1, num_slots=4).must_change
    assert next_decision("ba", "a", num_running=0, num_slots=4).must_change


@given(wanted=LINES, loaded=st.sampled_from("abc"), num_running=st.integers(0, 4))
def test_what_is_sent_is_the_front_of_the_line_and_fits(
    wanted: list[str], loaded: str, num_running: int
) -> None:
    move = next_decision(wanted, loaded, num_running=num_running, num_slots=3)
    assert set(wanted[: move.num_to_send]) <= {loaded}
    assert move.num_to_send + num_running <= max(3, num_running)
    assert not (move.must_change and num_running + move.num_to_send)


@given(line=LINES, num_slots=st.integers(1, 3), data=st.data())
def test_everybody_is_served_in_order_with_no_more_changes_than_needed(
    line: list[str], num_slots: int, data: st.DataObject
) -> None:
    loaded, running, served, changes = "a", 0, list[str](), 0
    wanted = list(line)
    while wanted or running:
        move = next_decision(wanted, loaded, num_running=running, num_slots=num_slots)
        served += wanted[: move.num_to_send]
        running += move.num_to_send
        wanted = wanted[move.num_to_send :]
        if move.must_change:
            loaded, changes = wanted[0], changes + 1
        elif running:
            running -= data.draw(st.integers(1, running))
    assert served == line
    assert changes == sum(before != after for before, after in pairwise(["a", *line]))
