"""How a model is to be used, and what it needs then: the two values that estimates are made of."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from configs.catalogue import ModelCard

MEASURED_ERROR = 0.05
"""A peak comes again within a few per cent: pages of libraries, the allocator's leftovers."""
_ROUNDING = 1e-6
"""A sum that was scaled to 300 MiB may be 300.00000000001."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryEstimate:
    """Memory of one worker on one device, in MiB."""

    weights_mib: float
    kv_cache_mib: float
    activations_mib: float
    runtime_mib: float
    """Python and its libraries; on a GPU, the driver's context."""
    error: float
    """Relative half-width of the band: 0.15 = ±15 %."""
    is_measured: bool = False
    host_mib: float = 0.0
    """RAM of the process beside it, when the device is a GPU."""
    predicted: MemoryEstimate | None = None
    """What was predicted before anything was measured; None unless `is_measured`."""

    @property
    def total_mib(self) -> int:
        """The best guess."""
        return math.ceil(self._sum - _ROUNDING)

    @property
    def low_mib(self) -> int:
        """Total less the error."""
        return math.floor(self.total_mib * (1 - self.error))

    @property
    def high_mib(self) -> int:
        """Total plus the error: what the scheduler reserves."""
        return math.ceil(self.total_mib * (1 + self.error))

    @property
    def _sum(self) -> float:
        return self.weights_mib + self.kv_cache_mib + self.activations_mib + self.runtime_mib

    def measured(self, peak_mib: int) -> MemoryEstimate:
        """Return this one with its parts scaled to what was measured."""
        base = self if self._sum > 0 else replace(self, runtime_mib=1.0)
        scale = peak_mib / base._sum
        return replace(
            base,
            weights_mib=base.weights_mib * scale,
            kv_cache_mib=base.kv_cache_mib * scale,
            activations_mib=base.activations_mib * scale,
            runtime_mib=base.runtime_mib * scale,
            error=MEASURED_ERROR,
            is_measured=True,
            predicted=self,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """How a model is to be used."""

    device: str = "cpu"
    """"cpu", "cuda:0", "mtl0"."""
    slots: int = 1
    """Requests worked on at once."""
    threads: int = 1
    context_tokens: int = 0
    """Per slot; 0: what the card asks for, else the engine's default."""
    image_tokens: int = 0
    """Of all pictures of one request; 0: one picture of the model's own size."""
    extra_cards: tuple[ModelCard, ...] = ()
    """Models that live in the same process: a reranker, a second voice."""
