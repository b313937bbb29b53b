"""What one look at the machine saw (`workers.pool.sampler`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from workers.pool.memory.machine import DeviceMemory

from .vitals import Vitals


@dataclass(slots=True, kw_only=True)
class Sample:
    """What one look saw; where it could not look, what the one before saw."""

    taken: float = 0.0
    """When it was begun."""
    devices: tuple[DeviceMemory, ...] = ()
    main_mib: int = 0
    """What the page's own process holds."""
    in_use_mib: dict[int, Mapping[str, int]] = field(default_factory=dict)
    """By process and device."""
    peak_mib: dict[int, int] = field(default_factory=dict)
    """The most RAM that each process has used so far."""
    vitals: dict[int, Vitals | None] = field(default_factory=dict)
    """Of those about which somebody asked."""
