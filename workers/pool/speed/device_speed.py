"""What one device can do in a second: two figures, from which the speed of every model is predicted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSpeed:
    """Of the CPU with the cores that may be used, or of one graphics card."""

    read_bytes_s: float
    """Bytes of a large array read per second, by all cores together."""
    flops: float
    """Multiplications and additions of float32 matrices per second, by all cores together."""
    source: Literal["measured", "driver"]
    """"driver": reckoned from what the driver says of the card."""
    date: str = ""
    """"2026-11-30"; "" if it was not measured."""
    load: float = 0.0
    """Of the machine before the measurement, as `uptime` says it."""

    def __str__(self) -> str:
        how = f"measured {self.date}, load {self.load:.1f}" * (self.source == "measured")
        figures = (
            f"reads {self.read_bytes_s / 1e9:,.0f} GB/s, computes {self.flops / 1e9:,.0f} GFLOP/s"
        )
        return f"{figures} ({how or 'by its driver'})"


DeviceSpeeds = Mapping[str, DeviceSpeed]
"""By device, "cpu" or "cuda:0": those that are known."""
