"""Where each modality's default model lives: in its own worker, or together with another's.

A text model that sees is one process for both: what is said to the vision worker then goes to text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from configs.catalogue import ModelCard
from workers.messages import Modality
from workers.models.lookup import Models

from .handle import WorkerHandle
from .status import WorkerStatus


class Homes:
    """Asks for the defaults of now each time: they change while the pool runs."""

    def __init__(self, models: Models, handles: Mapping[Modality, WorkerHandle]) -> None:
        self._models = models
        self.handles = handles

    def of(self, modality: Modality) -> Modality:
        """Return whose worker holds the default model of a modality."""
        if modality not in self._models.modalities:
            return modality
        home = self._models.default(modality).modality
        return home if home in self.handles else modality

    def served_by(self, modality: Modality) -> tuple[Modality, ...]:
        """Return whose default models live in this modality's worker, its own name first."""
        others = (name for name in self.handles if name != modality)
        return (modality, *(name for name in others if self.of(name) == modality))

    def worker(self, modality: Modality) -> WorkerHandle | None:
        """Return who is meant by a modality: its own worker while that has a process, else its home.

        Its own has one while a model of its own is used by name, or just was.
        """
        own = self.handles.get(modality)
        if own is None or own.has_process:
            return own
        return self.handles[self.of(modality)]

    def default(self, modality: Modality) -> ModelCard:
        """Return the modality's default model, wherever it lives."""
        return self._models.default(modality)


def together(guest: WorkerStatus, host: WorkerStatus, card: ModelCard) -> WorkerStatus:
    """Return how a modality is whose default model lives with another: nothing is counted twice."""
    is_there = host.model_id == card.id
    return replace(
        guest,
        model=card.name,
        model_id=card.id,
        together_with=host.modality,
        state=host.state if is_there else "asleep",
        detail=host.detail if is_there else "",
        progress=host.progress if is_there else None,
        device=host.device if is_there else "",
        is_on_graphics=host.is_on_graphics and is_there,
        is_pinned=host.is_pinned,
    )
