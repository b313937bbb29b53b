"""Which architectures the llama.cpp of this machine knows: asked of itself, build by build.

No list says it: that of the Python package `gguf` is older than the engine, and a name among the engine's
texts may be a projector's or a template's. So a file that holds nothing but the architecture's name is
offered to the build that would run the model; "unknown model architecture" tells it from every other
complaint. That takes 0.1 s, in a process of its own, and is remembered for as long as this one lives.
"""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from workers.media.scratch import scratch_folder
from workers.messages.errors import EngineNotInstalledError, UnsupportedInputError

from .asking import ask, quiet_environ
from .choosing import IN_PROCESS
from .finding import NAME, server_here

ASK_TIMEOUT_S = 60.0
"""A busy machine; a build for a graphics card is told that there is none."""
PACKAGE = "xllamacpp"
OFFER = (
    "import sys, xllamacpp as x; p = x.CommonParams(); p.model.path, p.hostnames = sys.argv[1], "
    "[sys.argv[2]]; p.n_gpu_layers = 0; p.warmup = False; x.Server(p)"
)
"""Ends with an error in any case: the file has no layers."""
MODEL, SOCKET = "{model}", "{socket}"
UNKNOWN = "unknown model architecture"
COMPLAINED = "error loading model"
_NAME = re.compile(r"[A-Za-z0-9][\w.+-]{0,63}")
_GGUF_VERSION, _GGUF_TEXT = 3, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledBuild:
    """One llama.cpp of this machine."""

    title: str
    """For people: "xllamacpp 2026.10", "/usr/bin/llama-server (version 5332)"."""
    engine: str
    """What runs a card's model on it."""
    command: tuple[str, ...]
    """With `MODEL` and `SOCKET` where the paths go."""
    stamp: tuple[int, ...] = ()
    """Changes with the program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """Who runs a model."""

    engine: str
    doubt: str = ""
    """One sentence, if llama.cpp could not be asked whether it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Builds:
    """The builds that models in GGUF may run on here."""

    data_dir: Path = Path()
    engine: str = IN_PROCESS
    """What runs a model whose card does not say otherwise."""
    server: str | None = None
    """The `llama-server` of the settings."""

    def runner_of(self, architecture: str) -> Runner:
        """Return the engine whose llama.cpp knows an architecture: the usual one, else another.

        Raises: UnsupportedInputError naming the builds if none of them does.
        """
        refusing: list[str] = []
        silent: list[str] = []
        for engine in (NAME,) if self.engine == NAME else (IN_PROCESS, NAME):
            try:
                build = self._build(engine)
                if knows(build, architecture):
                    usual = engine == self.engine
                    return Runner(engine=IN_PROCESS if usual else engine)
                refusing.append(build.title)
            except EngineNotInstalledError as err:
                silent.append(err.message)
        if refusing:
            raise UnsupportedInputError(
                f"It has the architecture {architecture!r}, which llama.cpp here does not know "
                f"({'; '.join(refusing)}).",
                "A newer llama-server may (docs/environments.md); or look for another file of it.",
            )
        return Runner(
            engine=IN_PROCESS,
            doubt=f"Whether llama.cpp here knows {architecture!r} could not be asked: {silent[0]}",
        )

    def _build(self, engine: str) -> InstalledBuild:
        """Raises: EngineNotInstalledError."""
        return package_build() if engine == IN_PROCESS else self._server_build()

    def _server_build(self) -> InstalledBuild:
        return server_build(server_here(self.server, self.data_dir))


def package_build() -> InstalledBuild:
    """Return the installed package. Raises: EngineNotInstalledError."""
    try:
        version = metadata.version(PACKAGE)
    except metadata.PackageNotFoundError as err:
        raise EngineNotInstalledError(f"{PACKAGE} is not installed.") from err
    return InstalledBuild(
        title=f"{PACKAGE} {version}",
        engine=IN_PROCESS,
        command=(sys.executable, "-c", OFFER, MODEL, SOCKET),
    )


def server_build(path: Path) -> InstalledBuild:
    """Return a program. Raises: EngineNotInstalledError if it is none that can be used."""
    program, stat = ask(path), path.stat()
    listen = ("--host", SOCKET) if program.has_sockets else ("--port", "0")
    cpu = (flag, "none") if (flag := program.knows("--device")) else ()
    return InstalledBuild(
        title=f"{path} (version {program.version})",
        engine=NAME,
        command=(str(path), "--gpu-layers", "0", *cpu, "--model", MODEL, *listen),
        stamp=(stat.st_mtime_ns, stat.st_size),
    )


@lru_cache(maxsize=1024)
def knows(build: InstalledBuild, architecture: str) -> bool:
    """Whether a build can run models of an architecture.

    Raises: EngineNotInstalledError if it gives no answer; UnsupportedInputError if that is no name.
    """
    if not _NAME.fullmatch(architecture):
        raise UnsupportedInputError(f"{architecture[:80]!r} is no name of an architecture.")
    said = _offered(build, architecture)
    if UNKNOWN in said:
        return False
    if COMPLAINED in said:
        return True
    last = said.strip().splitlines()[-1:] or ["it said nothing"]
    raise EngineNotInstalledError(f"{build.title} gave no answer: {last[0][:300]}.")


def _offered(build: InstalledBuild, architecture: str) -> str:
    """Return all that a build says to the file. Raises: EngineNotInstalledError."""
    with scratch_folder("ask") as folder:
        places = {MODEL: folder / "empty.gguf", SOCKET: folder / "ask.sock"}
        places[MODEL].write_bytes(_empty_gguf(architecture))
        try:
            ran = subprocess.run(  # noqa: S603 — our interpreter, or the program that the owner chose
                [str(places.get(word, word)) for word in build.command],
                capture_output=True, text=True, errors="replace", check=False,
                stdin=subprocess.DEVNULL, timeout=ASK_TIMEOUT_S,
                env={**quiet_environ(), "CUDA_VISIBLE_DEVICES": "", "HIP_VISIBLE_DEVICES": ""},
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError) as err:
            raise EngineNotInstalledError(f"{build.title} gave no answer: {err}.") from err
    return f"{ran.stdout}\n{ran.stderr}"


def _empty_gguf(architecture: str) -> bytes:
    """Return a GGUF file with one key and no tensors. Source: the GGUF specification."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + os.fsencode(value)

    head = b"GGUF" + struct.pack("<IQQ", _GGUF_VERSION, 0, 1)
    return head + text("general.architecture") + struct.pack("<I", _GGUF_TEXT) + text(architecture)
