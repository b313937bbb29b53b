"""One `llama-server` that runs as a child of this worker: started, waited for, watched, ended.

It stays in the worker's process group, which the pool ends when the worker has died, and on Linux dies
with it in any case (`tether`). Where the program can, it listens on a Unix socket in a folder that only
this user may enter, else on a free loopback port; either way it wants a key that is made for this one
run and handed over in its environment, which no other user can read.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from workers.messages import Loading
from workers.messages.errors import LoadError, OutOfMemoryError
from workers.messages.process_spec import ReportLoading
from workers.models.llama_server.asking import ServerProgram, quiet_environ

from . import tether

NUM_KEPT_LINES = 40
NUM_SHOWN_LINES = 3
MAX_LINE_CHARS = 300
POLL_S = 0.05
MAX_SOCKET_CHARS = 100
"""Of a socket's path: Linux takes 107, macOS 103."""
CALM_SPIN = 300
"""Steps of libgomp's, 14 µs: see `workers.pool.threads`."""
MEMORY_SIGNS = ("out of memory", "failed to allocate", "unable to allocate", "cannot allocate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server listens, and the key to it."""

    host: str
    """An address, or the path of a socket."""
    port: int = 0
    """0: a socket."""
    key: str

    @property
    def flags(self) -> list[str]:
        """How the server is told; the key is not on its command line, which everybody can read."""
        return ["--host", self.host, *(["--port", str(self.port)] if self.port else [])]


def new_address(program: ServerProgram, folder: Path) -> Address:
    """Return where a server shall listen: in this folder if it can."""
    key = secrets.token_urlsafe(32)
    path = str(folder / "engine.sock")
    if program.has_sockets and len(os.fsencode(path)) <= MAX_SOCKET_CHARS:
        return Address(host=path, key=key)
    with socket.create_server(("127.0.0.1", 0)) as free:
        return Address(host="127.0.0.1", port=free.getsockname()[1], key=key)


def _environ(address: Address) -> dict[str, str]:
    """Return the program's variables. Its threads wait briefly: nobody could cut a long wait short."""
    spin = os.environ.get("GOMP_SPINCOUNT", "")
    calm = str(min(int(spin), CALM_SPIN)) if spin.isdecimal() else str(CALM_SPIN)
    return {**quiet_environ(), "LLAMA_API_KEY": address.key, "GOMP_SPINCOUNT": calm}


class ServerProcess:
    """The process, and what it has said last."""

    def __init__(self, program: ServerProgram, address: Address, flags: Sequence[str]) -> None:
        """Start it. Raises: LoadError."""
        self.address = address
        self._program = program
        self._said: deque[str] = deque(maxlen=NUM_KEPT_LINES)
        self._is_wanted = True
        command = [str(program.path), *address.flags, *flags]
        try:
            self._process = subprocess.Popen(  # noqa: S603 — the program that the owner of this machine chose
                [sys.executable, "-I", "-S", tether.__file__, str(os.getpid()), *command],
                env=_environ(address),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
        except OSError as err:
            raise LoadError(f"{program.path} could not be started: {err}.") from err
        self._reader = threading.Thread(
            target=self._read, args=(self._process.stdout,), name="llama-server-log", daemon=True
        )
        self._reader.start()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def last_words(self) -> str:
        """What it printed last, on one line; for people."""
        lines = [line for line in self._said if line][-NUM_SHOWN_LINES:]
        return " / ".join(line[:MAX_LINE_CHARS] for line in lines)

    def wait_until_ready(
        self, is_ready: Callable[[], bool], name: str, size_bytes: int, report: ReportLoading
    ) -> None:
        """Return once it answers; `size_bytes` is what it reads into memory.

        Raises: LoadError, OutOfMemoryError with its last words if it ends before.
        """
        fraction = 0.0
        while not is_ready():
            if self._process.poll() is not None:
                raise self._failure(name)
            now = min(1.0, self._resident_bytes() / max(1, size_bytes)) if size_bytes else 0.0
            if now > fraction + 0.01:
                fraction = now
                report(Loading(what=f"loading {name}", fraction=fraction))
            time.sleep(POLL_S)

    def watch(self, on_death: Callable[[int, str], None]) -> None:
        """Call with exit code and last words if it ends before `stop`."""

        def wait() -> None:
            code = self._process.wait()
            self._reader.join(1.0)
            if self._is_wanted:
                on_death(code, self.last_words)

        threading.Thread(target=wait, name="llama-server-watch", daemon=True).start()

    def has_ended(self, within_s: float) -> bool:
        """Wait for its end, so long at most; returns whether it came."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(within_s)
        return self._process.returncode is not None

    def stop(self) -> None:
        """End it: it keeps nothing that would have to be written."""
        self._is_wanted = False
        self._process.kill()
        self._process.wait()
        self._reader.join(1.0)
        if self._process.stdout is not None:
            with contextlib.suppress(OSError):
                self._process.stdout.close()

    def _read(self, output: IO[str]) -> None:
        with contextlib.suppress(ValueError):  # closed meanwhile
            for line in output:
                self._said.append(line.strip())

    def _resident_bytes(self) -> int:
        import psutil

        try:
            return int(psutil.Process(self.pid).memory_info().rss)
        except psutil.Error:
            return 0

    def _failure(self, name: str) -> LoadError | OutOfMemoryError:
        code = self._process.wait()
        self._reader.join(1.0)
        version = f"{self._program.path} (version {self._program.version})"
        words = self.last_words or "it said nothing"
        text = " ".join(self._said).lower()
        if code == -signal.SIGKILL or any(sign in text for sign in MEMORY_SIGNS):
            return OutOfMemoryError(f"{name} does not fit: {words}")
        how = f"signal {-code}" if code < 0 else f"exit status {code}"
        return LoadError(
            f"{version} could not load {name} ({how}): {words}",
            hint="The file may be damaged, or made for a newer llama.cpp.",
        )


def die_likewise(code: int) -> None:
    """End this process as another has ended, so that the pool says of it what is true of both."""
    if code < 0:
        with contextlib.suppress(
            OSError, ValueError
        ):  # SIGKILL's way cannot be set, nor by a thread
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
        time.sleep(1.0)  # a signal that this process does not hear
    os._exit(code if code > 0 else 1)
