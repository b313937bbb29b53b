"""On what the installed engines can compute besides the CPU, as they say themselves.

Each is asked in a process of its own: this one imports no model library. llama.cpp's backends name
their devices CUDA0, ROCm0, Vulkan0, MTL0 (Metal) and so on, and say which are graphics cards.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from configs.catalogue import ModelCard

from .choosing import is_ruled_out
from .machine import read_machine
from .record import installed_files, read_record

ASK_TIMEOUT_S = 60
"""A build for a graphics card wakes the driver first."""
ROOT = Path(__file__).parents[3]
_LIST = """
import json
from workers.models.graphics.libraries import import_linked
x = import_linked("xllamacpp")
kinds = {x.ggml_backend_dev_type.GGML_BACKEND_DEVICE_TYPE_GPU: "gpu",
         x.ggml_backend_dev_type.GGML_BACKEND_DEVICE_TYPE_IGPU: "igpu"}
print("\\n" + json.dumps([
    [d["name"], d["description"], kinds[d["type"]], d["memory_total"] >> 20]
    for d in x.get_device_info() if d["type"] in kinds]))
"""
_OPEN_CUBLAS = (
    "from workers.models.graphics.libraries import open_cublas; open_cublas(); print('[]')"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineDevice:
    """A graphics device, as an engine lists it."""

    name: str
    """"CUDA0", "Vulkan0", "MTL0"."""
    description: str = ""
    """The card's name, where the engine says it."""
    is_integrated: bool = False
    """Whether it computes in RAM."""
    total_mib: int = 0
    """0: not said."""

    @property
    def word(self) -> str:
        """What a worker's device is called that is on it: "mtl0"."""
        return self.name.lower()

    @property
    def is_nvidia(self) -> bool:
        """Whether it is a card of which NVIDIA's driver knows the memory, whatever speaks to it."""
        return self.name.startswith("CUDA") or "nvidia" in self.description.lower()

    def __str__(self) -> str:
        return f"{self.name} ({self.description})" if self.description else self.name


NVIDIA = EngineDevice(name="CUDA0")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceList:
    """What an engine said."""

    devices: tuple[EngineDevice, ...] = ()
    error: str = ""
    """The last line of why it does not start; "" if it does."""


def llamacpp_devices(card: ModelCard, data_dir: Path) -> tuple[EngineDevice, ...]:
    """Return the devices of the installed package, which all models share."""
    return ask_llamacpp().devices if is_worth_asking() else ()


def whisper_devices(card: ModelCard, data_dir: Path) -> tuple[EngineDevice, ...]:
    """Return an NVIDIA card if the library is here that CTranslate2 needs for one."""
    return () if ask_cublas() else (NVIDIA,)


@lru_cache
def is_worth_asking() -> bool:
    """Whether llama.cpp may see a graphics card: asking costs a start a third of a second.

    `make` has asked whatever was installed since; without its record, any card is reason enough.
    """
    if platform.system() != "Linux":
        return True
    kept = read_record()
    if kept is not None and kept.installed == installed_files():
        return bool(kept.build)
    machine = read_machine()
    return machine.driver is not None or bool(machine.vendors)


def is_card_useless() -> bool:
    """Whether llama.cpp can have nothing of NVIDIA's card: no build runs on it, and what is here sees none."""
    return is_ruled_out(read_machine()) and not any(
        device.is_nvidia for device in (ask_llamacpp().devices if is_worth_asking() else ())
    )


@lru_cache
def ask_llamacpp() -> DeviceList:
    """Let llama.cpp's package list its devices."""
    said, error = _ask(_LIST)
    if error:
        return DeviceList(error=error)
    return DeviceList(
        devices=tuple(
            EngineDevice(
                name=name, description=about, is_integrated=kind == "igpu", total_mib=total_mib
            )
            for name, about, kind, total_mib in json.loads(said)
        )
    )


@lru_cache
def ask_cublas() -> str:
    """Return why cuBLAS 12 cannot be loaded; "" if it can."""
    return _ask(_OPEN_CUBLAS)[1]


def _ask(code: str) -> tuple[str, str]:
    """Return the last line of what some code prints, and of what went wrong: one of both is empty."""
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    try:
        asked = subprocess.run(  # noqa: S603 — our own interpreter and code
            [sys.executable, "-c", code], capture_output=True, text=True, errors="replace",
            timeout=ASK_TIMEOUT_S, check=False, env=environ,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as err:
        return "", str(err)
    last = (asked.stderr.strip().splitlines() or [f"exit status {asked.returncode}"])[-1]
    if asked.returncode or not asked.stdout.strip():
        return "", last
    return asked.stdout.strip().splitlines()[-1], ""
