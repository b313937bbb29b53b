"""What a speed is predicted from: a model, where it will be, and what the devices can do."""

from __future__ import annotations

from dataclasses import dataclass

from configs.catalogue import ModelCard
from workers.models.facts.model import ModelFacts
from workers.pool.memory.memory_estimate import LoadOptions

from .device_speed import DeviceSpeed, DeviceSpeeds

CHAT_TOKENS = 1000.0
"""Before the one that is written: some ten questions and answers. In half of a long context, a small model
with many KV heads would seem slower than a large one, and nobody has filled it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedCase:
    """One model in one place."""

    card: ModelCard
    facts: ModelFacts
    options: LoadOptions
    devices: DeviceSpeeds
    tokens_before: float | None = None
    """In the context of a model that writes; None: `CHAT_TOKENS`, but no more than half of the context."""

    @property
    def device(self) -> DeviceSpeed | None:
        """The figures of the device that the model goes to, if they are known."""
        return self.devices.get(self.options.device)
