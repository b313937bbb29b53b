"""What the models' side asks of whoever loads models: a running pool's client, or none at all."""

from __future__ import annotations

from typing import Any, Protocol

from configs.catalogue import ModelCard
from workers.messages import Modality


class PlannedContext(Protocol):
    """How long a context is, and what it costs: `workers.pool.memory.context.ContextUse`, as it is shown."""

    @property
    def tokens(self) -> int:
        """Of one conversation."""

    @property
    def made_for(self) -> int:
        """Tokens that the model was made for; 0: not known."""

    @property
    def slots(self) -> int:
        """Conversations that have so much each."""


class LoadPlan(Protocol):
    """What loading a model would take: `workers.pool.memory.plan.Plan`, as it is shown."""

    @property
    def outcome(self) -> str:
        """One of fits, fits_after_sleep, cpu_only, too_large."""

    @property
    def words(self) -> str:
        """The outcome in a few words."""

    @property
    def need_mib(self) -> int:
        """What would be reserved on `memory_device`."""

    @property
    def free_mib(self) -> int:
        """What can be granted there now, or could be made free (`too_large`)."""

    @property
    def memory_device(self) -> str:
        """Where its memory is counted: "cpu", "cuda:0"."""

    @property
    def sleep(self) -> tuple[str, ...]:
        """Names of the models that would be put to sleep."""

    @property
    def instead(self) -> tuple[str, ...]:
        """Names of models for the same work that fit."""

    @property
    def numbers(self) -> str:
        """What it needs, and what there is."""

    @property
    def context(self) -> PlannedContext | None:
        """How long its context would be; None for a model that keeps no conversation."""

    @property
    def speed_words(self) -> str:
        """How fast it would work, in a few words; "" where it is not known."""

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""


class ModelPool(Protocol):
    """Who loads models."""

    def plan(self, card: ModelCard) -> LoadPlan:
        """Return what loading a model would take now."""

    def loaded(self, modality: Modality) -> ModelCard | None:
        """Return the card of the model that is in memory now."""

    def warm(self, *modalities: Modality) -> None:
        """Load default models in the background."""

    def sleep(self, modality: Modality) -> None:
        """Put a worker to sleep now."""
