"""Those who do not stop: each does one thing again and again, while the others wait to be served."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from tests.pool.simulated import Ask, SimulatedPool, budget_of
from tests.pool.simulated_machine import ROOM_MIB, Errand
from workers.messages import Modality

Kind = Literal["sleep", "budget", "pin", "warm", "stream", "switch", "churn", "kill"]
KINDS: tuple[Kind, ...] = ("sleep", "budget", "pin", "warm", "stream", "switch", "churn", "kill")
OTHER = {"text": "text-c", "stt": "stt-b", "tts": "tts", "vision": "vision"}
"""The largest model of each worker."""


class Pest:
    """Acts now, and every so many seconds from then on."""

    def __init__(self, sim: SimulatedPool, kind: Kind, modality: Modality, every_s: float) -> None:
        self.kind, self.modality = kind, modality
        self._sim = sim
        self._every_s = every_s
        self._num_acts = 0
        self._last: Ask | None = None
        self._is_over = False
        self._act()

    def stop(self) -> None:
        """Let the others be."""
        self._is_over = True
        if self.kind == "pin":
            self._sim.pool.pin(self.modality, is_pinned=False)

    def _act(self) -> None:
        if self._is_over:
            return
        acts: dict[Kind, Callable[[], object]] = {
            "sleep": lambda: self._sim.sleep(self.modality),
            "budget": self._budget,
            "pin": lambda: self._sim.pool.pin(self.modality, is_pinned=self._is_even),
            "warm": lambda: self._sim.pool.warm([self.modality]),
            "stream": lambda: self._submit(OTHER[self.modality]),
            "switch": lambda: self._submit([self.modality, OTHER[self.modality]][self._is_even]),
            "churn": self._churn,
            "kill": self._kill,
        }
        acts[self.kind]()
        self._num_acts += 1
        self._sim.loop.call_later(self._every_s, self._act)

    @property
    def _is_even(self) -> bool:
        return self._num_acts % 2 == 0

    def _budget(self) -> None:
        self._sim.pool.allow(budget_of(45 if self._is_even else ROOM_MIB))

    def _submit(self, model: str) -> None:
        self._last = self._sim.submit(model, Errand(takes_s=self._every_s))

    def _churn(self) -> None:
        if self._last is not None:
            self._sim.cancel(self._last)
        self._submit(OTHER[self.modality])

    def _kill(self) -> None:
        for process in self._sim.machine.alive:
            if process.model.modality == self.modality:
                process.exit("killed by SIGKILL")
