"""What a `llama-server` says of itself: its version, the flags it knows, the devices it sees."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from configs.catalogue import ModelCard
from workers.messages.errors import EngineNotInstalledError
from workers.models.graphics.devices import EngineDevice

from .finding import HINT, find_server

ASK_TIMEOUT_S = 60.0
"""A build for a graphics card wakes the driver first."""
NEEDED = (
    "--model", "--host", "--port", "--api-key", "--ctx-size", "--parallel", "--threads",
    "--threads-batch", "--batch-size", "--ubatch-size", "--gpu-layers", "--cache-type-k",
    "--cache-type-v", "--jinja", "--reasoning-format",
)  # fmt: skip
"""What any model is started with. The newest came in February 2025."""
NOT_OURS = ("LLAMA_ARG_", "AIP_", "HF_TOKEN", "LLAMA_API_KEY")
"""Beginnings of variables by which a server of somebody's own is set up; ours must not hear them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerProgram:
    """One program, as it describes itself."""

    path: Path
    version: str
    """In its own words: "5332 (7c28a74e)", "0.1.0-dev (build 1, commit 7e4c0a9)"."""
    flags: frozenset[str]
    has_sockets: bool
    """Whether it listens on a Unix socket, if asked to."""

    def knows(self, *flags: str) -> str:
        """Return the first of these flags that it knows; "" if none."""
        return next((flag for flag in flags if flag in self.flags), "")


def ask(path: Path) -> ServerProgram:
    """Return what a program says of itself.

    Raises: EngineNotInstalledError if it does not start, is another program, or is too old.
    """
    stat = path.stat()
    return _ask(path, stat.st_mtime_ns, stat.st_size)


def model_devices(card: ModelCard, data_dir: Path) -> tuple[EngineDevice, ...]:
    """Return the devices of the program that a model would run on; none if it does not start."""
    try:
        return devices(find_server(card, data_dir))
    except (EngineNotInstalledError, OSError):
        return ()  # the worker says why


def devices(path: Path) -> tuple[EngineDevice, ...]:
    """Return what it can compute on besides the CPU, as it lists it.

    Raises: EngineNotInstalledError if it does not start.
    """
    stat = path.stat()
    return _devices(path, stat.st_mtime_ns, stat.st_size)


def quiet_environ() -> dict[str, str]:
    """Return this process's variables without those that would set a server up."""
    return {name: value for name, value in os.environ.items() if not name.startswith(NOT_OURS)}


@lru_cache(maxsize=16)
def _ask(path: Path, mtime_ns: int, size: int) -> ServerProgram:
    """By time and size too: a program that was replaced is asked again."""
    version = re.search(r"(?m)^version: (.+?)\s*$", _run(path, "--version"))
    help_text = _run(path, "--help")
    flags = frozenset(
        flag
        for line in help_text.splitlines()
        if line.startswith("-")
        for flag in re.findall(r"(?:^|[\s,])(--?[A-Za-z][\w-]*)", line)
    )
    name = version[1] if version else "unknown"
    if missing := [flag for flag in NEEDED if flag not in flags]:
        what = "is another program" if len(missing) == len(NEEDED) else "is too old"
        raise EngineNotInstalledError(
            f"{path} (version {name}) {what}: it does not know {', '.join(missing)}.",
            f"It takes a llama-server of 2025 or later. {HINT}",
        )
    return ServerProgram(path=path, version=name, flags=flags, has_sockets=".sock" in help_text)


@lru_cache(maxsize=16)
def _devices(path: Path, mtime_ns: int, size: int) -> tuple[EngineDevice, ...]:
    said = _run(path, "--list-devices")
    listed = re.findall(r"(?m)^\s+([A-Za-z][A-Za-z0-9]*): (.*?)\s*\((\d+) MiB", said)
    return tuple(
        EngineDevice(name=name, description=about, total_mib=int(total_mib))
        for name, about, total_mib in listed
    )


def _run(path: Path, flag: str) -> str:
    """Return all that it prints. Raises: EngineNotInstalledError if it does not run here."""
    try:
        ran = subprocess.run(  # noqa: S603 — the program that the owner of this machine chose
            [str(path), flag], capture_output=True, text=True, errors="replace", check=False,
            stdin=subprocess.DEVNULL, timeout=ASK_TIMEOUT_S, env=quiet_environ(),
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as err:
        raise EngineNotInstalledError(f"{path} does not run here: {err}.", HINT) from err
    said = f"{ran.stdout}\n{ran.stderr}".strip()
    if ran.returncode == -signal.SIGILL:
        raise EngineNotInstalledError(
            f"{path} was built for another processor than this one.", HINT
        )
    if ran.returncode < 0 or ran.returncode in (126, 127):
        last = said.splitlines()[-1] if said else f"exit status {ran.returncode}"
        raise EngineNotInstalledError(f"{path} does not run here: {last}", HINT)
    return said
