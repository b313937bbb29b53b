"""Which set of models a machine is offered: once for the whole program, and the one that was begun first."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from configs.sets import ModelSet, load_sets, ranked

from .choices import read_choices

Machine = tuple[int, int]
"""MiB: RAM that is free, or that our own models hold; all of the largest graphics card's, 0 without one."""


class MachineSet:
    """The sets as they suit this machine, on one data folder."""

    def __init__(self, data_dir: Path, read_machine: Callable[[], Machine]) -> None:
        self._data_dir = data_dir
        self._read_machine = read_machine
        self._last: ModelSet | None = None

    @cached_property
    def ranked(self) -> tuple[ModelSet, ...]:
        """The best first. Looked at once: what is free trembles, and the offer should not."""
        return ranked(load_sets(), *self._read_machine())

    @property
    def current(self) -> ModelSet:
        """The set that was begun, as long as some of it is missing; else this machine's."""
        choices = read_choices(self._data_dir)
        begun = [one for one in self.ranked if choices.wanted and one.id == choices.wanted_set]
        if begun or self._last is None:
            self._last = (begun or self.ranked)[0]
        return self._last
