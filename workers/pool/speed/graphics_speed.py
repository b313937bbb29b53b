"""What a graphics card can do, by what its driver says of it: nothing is run there.

    bytes per second   memory clock × 2 (both edges) × bus width
    flops              cores × 2 (one multiplication, one addition) × clock

Source: NVML's nvmlDeviceGetMaxClockInfo, nvmlDeviceGetMemoryBusWidth, nvmlDeviceGetNumGpuCores. Not
compared with a card: `python -m benchmarks prediction` would do so.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from workers.pool.memory.machine import nvml_cards

from .device_speed import DeviceSpeed

EDGES = 2
CORES_UNKNOWN_FLOPS_PER_BYTE = 20.0
"""Operations for each byte per second, where an old driver does not tell the cores: cards of 2018 to 2025
have 15 to 60."""


@lru_cache(maxsize=1)
def graphics_speeds() -> dict[str, DeviceSpeed]:
    """Return the cards whose driver tells enough, by device ("cuda:0")."""
    found = {}
    for number, (nvml, handle) in enumerate(nvml_cards()):
        speed = _speed(nvml, handle)
        if speed is not None:
            found[f"cuda:{number}"] = speed
    return found


def _speed(nvml: Any, handle: Any) -> DeviceSpeed | None:
    try:
        memory_hz = 1e6 * nvml.nvmlDeviceGetMaxClockInfo(handle, nvml.NVML_CLOCK_MEM)
        bus_bits = nvml.nvmlDeviceGetMemoryBusWidth(handle)
    except (nvml.NVMLError, AttributeError):
        return None
    read_bytes_s = memory_hz * EDGES * bus_bits / 8
    if read_bytes_s <= 0:
        return None
    try:
        cores_hz = 1e6 * nvml.nvmlDeviceGetMaxClockInfo(handle, nvml.NVML_CLOCK_SM)
        flops = float(2 * nvml.nvmlDeviceGetNumGpuCores(handle) * cores_hz)
    except (nvml.NVMLError, AttributeError):
        flops = CORES_UNKNOWN_FLOPS_PER_BYTE * read_bytes_s
    return DeviceSpeed(read_bytes_s=read_bytes_s, flops=flops, source="driver")
