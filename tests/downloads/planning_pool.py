"""A pool without processes: it plans as a real one does, and remembers what it was asked."""

from __future__ import annotations

from configs.catalogue import ModelCard
from workers.messages import Modality
from workers.pool.memory.plan import Plan
from workers.standalone import StandalonePool


class Pool:
    """Plans as a real one does; remembers what it was asked to load."""

    def __init__(self, planner: StandalonePool) -> None:
        self.plans = planner
        self.in_memory: ModelCard | None = None
        self.warmed: list[str] = []
        self.slept: list[str] = []

    def plan(self, card: ModelCard) -> Plan:
        return self.plans.plan(card)

    def loaded(self, modality: Modality) -> ModelCard | None:
        card = self.in_memory
        return card if card is not None and card.modality == modality else None

    def warm(self, *modalities: Modality) -> None:
        self.warmed += modalities

    def sleep(self, modality: Modality) -> None:
        self.slept.append(modality)
