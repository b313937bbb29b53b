"""What this machine has that a build for graphics cards depends on. Only looks; starts no program.

The driver is asked through NVML, its own library. A card without a driver is seen on the PCI bus.
"""

from __future__ import annotations

import importlib
import json
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

PCI = Path("/sys/bus/pci/devices")
DISPLAY = "0x03"
"""PCI's class of whatever makes pictures."""
VENDORS = {"0x10de": "NVIDIA", "0x1002": "AMD", "0x8086": "Intel"}
MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class NvidiaCard:
    """One card, as the driver describes it."""

    name: str
    capability: tuple[int, int]
    """Compute capability: (8, 9)."""
    total_mib: int
    """0 where it shares the RAM."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NvidiaDriver:
    """The driver, if it answers."""

    version: str
    """"580.95.05"."""
    cuda: str
    """The newest CUDA that it knows: "13.0"."""
    cards: tuple[NvidiaCard, ...]

    @property
    def branch(self) -> int:
        """Return the number before the first dot; 0 if there is none."""
        first = self.version.partition(".")[0]
        return int(first) if first.isdigit() else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What a choice of a build is made from."""

    system: str
    """"Linux", "Darwin"."""
    architecture: str
    glibc: tuple[int, int]
    """(0, 0) where the C library is another."""
    driver: NvidiaDriver | None = None
    no_answer: str = ""
    """What NVIDIA's library said in place of an answer; "" if there is no such library, or it answered."""
    vendors: tuple[str, ...] = ()
    """Makers of the cards on the PCI bus, each once."""

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it: what it is recognised by the next time."""
        whole: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return whole


def read_machine() -> Machine:
    """Look at this machine."""
    driver, no_answer = read_driver()
    return Machine(
        system=platform.system(),
        architecture={"arm64": "aarch64", "AMD64": "x86_64"}.get(
            platform.machine(), platform.machine()
        ),
        glibc=_glibc(),
        driver=driver,
        no_answer=no_answer,
        vendors=tuple(dict.fromkeys(pci_vendors())),
    )


def read_driver() -> tuple[NvidiaDriver | None, str]:
    """Return NVIDIA's driver, or why it does not answer ("": none is installed)."""
    try:
        nvml: Any = importlib.import_module("pynvml")
    except ImportError:
        return None, ""
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as err:
        missing = getattr(nvml, "NVML_ERROR_LIBRARY_NOT_FOUND", None)
        return None, "" if getattr(err, "value", None) == missing else str(err)
    try:
        cuda = int(nvml.nvmlSystemGetCudaDriverVersion())
        return NvidiaDriver(
            version=str(nvml.nvmlSystemGetDriverVersion()),
            cuda=f"{cuda // 1000}.{cuda % 1000 // 10}",
            cards=tuple(_card(nvml, number) for number in range(nvml.nvmlDeviceGetCount())),
        ), ""
    except nvml.NVMLError as err:
        return None, str(err)
    finally:
        nvml.nvmlShutdown()


def pci_vendors(folder: Path = PCI) -> Iterator[str]:
    """Yield the maker of each graphics card on the bus that has a name here."""
    if not folder.is_dir():
        return
    for device in sorted(folder.iterdir()):
        try:
            is_display = (device / "class").read_text().startswith(DISPLAY)
            vendor = VENDORS.get((device / "vendor").read_text().strip(), "")
        except OSError:
            continue  # it was unplugged
        if is_display and vendor:
            yield vendor


def _card(nvml: Any, number: int) -> NvidiaCard:
    handle = nvml.nvmlDeviceGetHandleByIndex(number)
    major, minor = nvml.nvmlDeviceGetCudaComputeCapability(handle)
    try:
        total = int(nvml.nvmlDeviceGetMemoryInfo(handle).total)
    except nvml.NVMLError:
        total = 0
    name = nvml.nvmlDeviceGetName(handle)
    return NvidiaCard(name=str(name), capability=(major, minor), total_mib=total // MIB)


def _glibc() -> tuple[int, int]:
    name, version = platform.libc_ver()
    numbers = version.split(".")[:2]
    if name != "glibc" or len(numbers) != 2 or not all(map(str.isdigit, numbers)):
        return (0, 0)
    return int(numbers[0]), int(numbers[1])
