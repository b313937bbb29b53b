"""How much memory this machine has and has left, and what a process holds of it.

Only looks; decides nothing. RAM is what we may take: the system's, or that of the container if its
limit is lower. A graphics card is asked through NVML, the driver's own library; without a driver
there is none.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import psutil

from .cgroup import container_memory

MIB = 1 << 20
CPU, CUDA = "cpu", "cuda:0"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceMemory:
    """One place where weights can lie."""

    device: str
    """"cpu" or "cuda:0", as in `WorkerSettings.device`."""
    name: str
    """For people."""
    total_mib: int
    free_mib: int
    """What could be taken now without swapping."""


def read_memory() -> tuple[DeviceMemory, ...]:
    """Return RAM first, then the graphics cards in the order of their numbers."""
    cards = (_card(number, handle) for number, handle in enumerate(_handles()))
    return (_ram(), *(card for card in cards if card is not None))


def process_mib(pid: int) -> int:
    """Return the resident memory of a process and of its children; 0 if it has gone.

    Pages that children share with it are counted once for each.
    """
    resident = 0
    for process in family(pid):
        try:
            resident += process.memory_info().rss
        except psutil.Error:
            continue  # it died between two looks
    return resident // MIB


def family_pids(pid: int) -> list[int]:
    """Return a process and those that it has started; none if it has gone."""
    return [process.pid for process in family(pid)]


def process_peak_mib(pid: int) -> int:
    """Return the most that a process and its children have used so far, each by itself; 0 if it has gone.

    Not `ru_maxrss`: that of a spawned child begins with what its parent used at that moment, since
    Linux hands it on through exec. Where the system keeps no such mark: what is in use now.
    """
    peaks = [_peak_kib(member) for member in family_pids(pid)]
    if any(peak is None for peak in peaks[:1]):
        return process_mib(pid)
    return sum(peak or 0 for peak in peaks) // 1024


def process_gpu_mib(pid: int) -> dict[str, int]:
    """Return what a process and its children hold of each graphics card, by device.

    Empty without a driver, and where the driver does not tell (in a container that has process
    numbers of its own).
    """
    handles = _handles()
    if not handles:
        return {}
    pids = {process.pid for process in family(pid)}
    held: dict[str, int] = {}
    for number, handle in enumerate(handles):
        used = sum(num_bytes for owner, num_bytes in _used_by(handle) if owner in pids)
        if used:
            held[f"cuda:{number}"] = used // MIB
    return held


def _peak_kib(pid: int) -> int | None:
    """Return the system's own mark; None where it keeps none."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    marks = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(next(marks, 0))


def _ram() -> DeviceMemory:
    memory = psutil.virtual_memory()
    total, free = int(memory.total), int(memory.available)
    for limit, left in container_memory(below=total):
        total, free = min(total, limit), min(free, left)
    return DeviceMemory(device=CPU, name="RAM", total_mib=total // MIB, free_mib=free // MIB)


def nvml_cards() -> Iterator[tuple[Any, Any]]:
    """Yield the driver's binding with each graphics card's handle, in CUDA's order; none without a driver."""
    for handle in _handles():
        yield _nvml(), handle


def _card(number: int, handle: Any) -> DeviceMemory | None:
    nvml = _nvml()
    try:
        memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    except nvml.NVMLError:
        return None  # it shares the RAM, or has fallen off the bus
    return DeviceMemory(
        device=f"cuda:{number}",
        name=str(nvml.nvmlDeviceGetName(handle)),
        total_mib=int(memory.total) // MIB,
        free_mib=int(memory.free) // MIB,
    )


def _nvml() -> Any:
    """The binding of the driver's library. Raises: ImportError."""
    return importlib.import_module("pynvml")


@lru_cache(maxsize=1)
def _handles() -> tuple[Any, ...]:
    """NVML's handles in CUDA's order (with `CUDA_DEVICE_ORDER=PCI_BUS_ID`), hidden cards left out."""
    try:
        nvml = _nvml()
    except ImportError:
        return ()
    try:
        nvml.nvmlInit()
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        if visible is None:
            return tuple(map(nvml.nvmlDeviceGetHandleByIndex, range(nvml.nvmlDeviceGetCount())))
        names = (name.strip() for name in visible.split(","))
        return tuple(_named(nvml, name) for name in names if name not in ("", "-1"))
    except (nvml.NVMLError, ValueError):
        return ()


def _named(nvml: Any, name: str) -> Any:
    """Return the card that an entry of CUDA_VISIBLE_DEVICES names, a number or a UUID."""
    if name.startswith(("GPU-", "MIG-")):
        return nvml.nvmlDeviceGetHandleByUUID(name)
    return nvml.nvmlDeviceGetHandleByIndex(int(name))


def _used_by(handle: Any) -> Iterator[tuple[int, int]]:
    """Yield the process number and bytes of each that computes on a card."""
    nvml = _nvml()
    try:
        for process in nvml.nvmlDeviceGetComputeRunningProcesses(handle):
            yield int(process.pid), int(process.usedGpuMemory or 0)  # None where it is not told
    except nvml.NVMLError:
        return


def family(pid: int) -> list[psutil.Process]:
    """Return a process and all that it has started; nothing if it has gone."""
    try:
        process = psutil.Process(pid)
        if not _has_children(pid):
            return [process]
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def _has_children(pid: int) -> bool:
    """Ask Linux for this process alone: psutil looks at every process of the machine, 10 ms."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
        return any(Path(f"/proc/{pid}/task/{tid}/children").read_bytes() for tid in threads)
    except OSError:
        return True  # another system, or it has gone
