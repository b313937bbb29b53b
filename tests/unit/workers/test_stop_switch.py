"""A switch that stops a chain of requests."""

from __future__ import annotations

from workers.pool.stop_switch import StopSwitch


def test_what_is_under_way_is_cancelled_and_what_is_over_is_not() -> None:
    cancelled: list[str] = []
    switch = StopSwitch()
    for name in ("first", "second", "third"):
        switch.watch(name, cancelled.append)
    switch.forget("second")
    assert not switch.is_pressed
    switch.press()
    assert (switch.is_pressed, cancelled) == (True, ["first", "third"])


def test_what_begins_in_the_moment_of_the_press_is_cancelled_too() -> None:
    cancelled: list[str] = []
    switch = StopSwitch()
    switch.press()
    switch.watch("late", cancelled.append)
    assert cancelled == ["late"]
