"""The same, and a fourth worker for pictures, whose default model now and then is one of text's."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.pool.scheduling import BOUND_S, Scheduling, errands
from tests.pool.simulated_machine import MODALITIES, SEEING, Errand
from workers.messages import Modality

CHOICES: tuple[tuple[Modality, str], ...] = (
    ("text", "fake-text"),
    ("text", f"fake-{SEEING}"),
    ("vision", "fake-vision"),
    ("vision", f"fake-{SEEING}"),
)


class SchedulingTogether(Scheduling):
    """What is said to vision is said to text while the two have one model."""

    has_vision = True
    bound_s = BOUND_S * (len(MODALITIES) + 1) / len(MODALITIES)

    @rule(chosen=st.sampled_from(CHOICES))
    def use(self, chosen: tuple[Modality, str]) -> None:
        self.sim.models.use(*chosen)

    @rule(errand=errands, num=st.sampled_from([1, 2]))
    def ask_about_pictures(self, errand: Errand, num: int) -> None:
        model = self.sim.models.default("vision").id.removeprefix("fake-")
        for _ in range(num):
            self.sim.submit(model, errand, 5.0 if errand.is_endless else None)

    @rule()
    def sleep_vision(self) -> None:
        self.sim.sleep("vision")

    @rule()
    def warm_vision(self) -> None:
        self.pool.warm(["vision"])

    @rule(is_pinned=st.booleans())
    def pin_vision(self, is_pinned: bool) -> None:
        self.pool.pin("vision", is_pinned=is_pinned)

    def _is_pinned(self, modality: Modality) -> bool:
        pinned = [name for name in self.sim.modalities if name in self.sim.tracker.pinned]
        homes = {self.sim.models.default(name).modality for name in pinned}
        return modality in (*pinned, *homes)
