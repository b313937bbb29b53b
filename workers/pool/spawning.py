"""Start a worker's process: under our own interpreter, or under that of another environment."""

from __future__ import annotations

import contextlib
import multiprocessing
import subprocess
import sys
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from types import ModuleType
from typing import Protocol

from workers.messages.process_spec import ProcessSpec, run_entry
from workers.models.environments.interpreter import command_of, environ_of

CONTEXT = multiprocessing.get_context("spawn")
"""Never fork: a forked child inherits locks held by other threads of the page."""

_MAIN_LOCK = threading.Lock()

Ends = tuple[Connection, Connection, Connection]
"""The child's: requests, control, events."""


class Process(Protocol):
    """What both kinds of process are to the pool."""

    @property
    def pid(self) -> int | None: ...  # noqa: D102
    @property
    def exitcode(self) -> int | None:
        """Negative: the signal that killed it. None: it runs."""
        ...

    def is_alive(self) -> bool: ...  # noqa: D102
    def kill(self) -> None: ...  # noqa: D102
    def join(self, timeout: float | None = None) -> None: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102


def spawn(spec: ProcessSpec, ends: Ends) -> Process:
    """Start the process. Another environment's waits for its `spec` as the first message.

    Raises: OSError if it cannot be started.
    """
    if spec.python:
        return _EnvironmentProcess(spec.python, ends)
    process = CONTEXT.Process(target=run_entry, args=(spec, *ends), name=spec.name, daemon=True)
    with _main_left_alone():
        process.start()
    return process


class _EnvironmentProcess:
    """A process under another interpreter: see `workers.models.environments.interpreter`."""

    def __init__(self, python: str, ends: Ends) -> None:
        numbers = [end.fileno() for end in ends]
        self._process = subprocess.Popen(  # noqa: S603 — an environment that Quintet made
            [*command_of(python), *map(str, numbers)],
            env=environ_of(python),
            stdin=subprocess.DEVNULL,
            pass_fds=numbers,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exitcode(self) -> int | None:
        return self._process.returncode

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        self._process.kill()

    def join(self, timeout: float | None = None) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout)

    def close(self) -> None:
        pass  # nothing is held beyond the process itself


@contextlib.contextmanager
def _main_left_alone() -> Iterator[None]:
    """While this lasts, a spawned process is not told which script the parent runs.

    It would run that script again before anything else, so that one without
    `if __name__ == "__main__":` would start Quintet in its own workers: it hung. A worker needs
    nothing from the script. The stand-in differs from the real module only in having no file; it
    holds for the few milliseconds of a start, because spawn asks nobody else.
    """
    with _MAIN_LOCK:
        main = sys.modules["__main__"]
        stand_in = ModuleType("__main__")
        stand_in.__dict__.update({**vars(main), "__spec__": None, "__file__": None})
        sys.modules["__main__"] = stand_in
        try:
            yield
        finally:
            sys.modules["__main__"] = main
