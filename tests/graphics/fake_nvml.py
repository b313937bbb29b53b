"""A driver's answer where there is no card: what `pynvml` is asked for, from a file of JSON beside it.

Copied as `pynvml.py` into a folder on the path by `tests.graphics.conftest`.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

NVML_ERROR_LIBRARY_NOT_FOUND = 12
ANSWER: dict[str, Any] = json.loads(Path(__file__).with_name("driver.json").read_text("utf-8"))


class NVMLError(Exception):
    def __init__(self, value: int, message: str) -> None:
        super().__init__(message)
        self.value = value


def nvmlInit() -> None:  # noqa: N802 — NVML's name, as all below
    if "error" in ANSWER:
        raise NVMLError(*ANSWER["error"])


def nvmlShutdown() -> None:  # noqa: N802
    pass


def nvmlSystemGetDriverVersion() -> str:  # noqa: N802
    return str(ANSWER["driver"])


def nvmlSystemGetCudaDriverVersion() -> int:  # noqa: N802
    return int(ANSWER["cuda"])


def nvmlDeviceGetCount() -> int:  # noqa: N802
    return len(ANSWER["cards"])


def nvmlDeviceGetHandleByIndex(number: int) -> dict[str, Any]:  # noqa: N802
    found: dict[str, Any] = ANSWER["cards"][number]
    return found


def nvmlDeviceGetCudaComputeCapability(card: dict[str, Any]) -> tuple[int, int]:  # noqa: N802
    major, minor = card["capability"]
    return major, minor


def nvmlDeviceGetName(card: dict[str, Any]) -> str:  # noqa: N802
    return str(card["name"])


def nvmlDeviceGetMemoryInfo(card: dict[str, Any]) -> SimpleNamespace:  # noqa: N802
    if "mib" not in card:
        raise NVMLError(3, "Not Supported")
    return SimpleNamespace(total=card["mib"] << 20, free=card["mib"] << 20)


def nvmlDeviceGetComputeRunningProcesses(card: dict[str, Any]) -> list[Any]:  # noqa: N802
    return []
