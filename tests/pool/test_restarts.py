"""Restarts: at once, then after doubling pauses, then not."""

from __future__ import annotations

from workers.pool.restarts import MAX_PAUSE_S, Restarts


def test_pauses_double_and_then_it_is_enough() -> None:
    restarts = Restarts(pause_s=0.5, max_deaths=5, window_s=60)
    pauses = []
    for now in range(4):
        restarts.record_death(now)
        assert not restarts.is_exhausted(now)
        pauses.append(restarts.next_pause_s())
    assert pauses == [0.0, 0.5, 1.0, 2.0]
    restarts.record_death(5)
    assert restarts.is_exhausted(5)


def test_old_deaths_are_forgotten() -> None:
    restarts = Restarts(pause_s=0.5, max_deaths=2, window_s=60)
    restarts.record_death(0)
    restarts.record_death(1)
    assert restarts.is_exhausted(60)
    assert not restarts.is_exhausted(61)
    assert restarts.num_deaths == 2


def test_deaths_at_work_leave_nobody_alone_and_the_pauses_have_an_end() -> None:
    restarts = Restarts(pause_s=0.5, max_deaths=2, window_s=60)
    for number in range(50):
        restarts.record_death(number / 10, was_at_work=True)
        assert not restarts.is_exhausted(number / 10)
    assert restarts.next_pause_s() == MAX_PAUSE_S
    assert restarts.num_deaths == 50
