"""Starts the short-lived process that measures the CPU, and reads what it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

from configs.settings import CONFIGS_DIR
from workers.models.tuning.run_settings import physical_cores
from workers.pool.threads import usable_cores

from .device_speed import DeviceSpeed

TIMEOUT_S = 60.0


class MeasuringProcess:
    """One process at a time; `stop` may be called from any thread."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._is_stopped = False

    def measure(self) -> DeviceSpeed:
        """Return the CPU's figures after some three seconds.

        Raises: OSError; subprocess.SubprocessError; ValueError or KeyError if what it says is none.
        """
        threads = min(usable_cores(), physical_cores() or usable_cores())
        load = load_now()
        command = [sys.executable, "-m", "workers.pool.speed.measuring", str(threads)]
        with subprocess.Popen(  # noqa: S603 — our own interpreter and module
            command,
            cwd=CONFIGS_DIR.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as self._process:
            if self._is_stopped:
                self._process.kill()
            try:
                said, _ = self._process.communicate(timeout=TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                raise
        figures = json.loads(said)
        return DeviceSpeed(
            read_bytes_s=float(figures["read_bytes_s"]),
            flops=float(figures["flops"]),
            source="measured",
            date=time.strftime("%Y-%m-%d"),
            load=load,
        )

    def stop(self) -> None:
        """End the process, if one runs; none is started any more."""
        self._is_stopped = True
        if self._process is not None:
            self._process.kill()


def load_now() -> float:
    """Return the machine's load of the last minute; 0 where the system does not tell."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
