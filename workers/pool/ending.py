"""How a worker's process ended, as far as it matters to those whose requests it held."""

from __future__ import annotations

import signal
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Why a process is no more."""

    reason: str
    """For people, after "was" or in brackets: "killed by SIGSEGV", "exit status 1"."""
    is_hung: bool = False
    """It did not go on, and Quintet ended it."""

    @property
    def code(self) -> str:
        """The code of what it could not finish: see `workers.messages.errors`."""
        return "worker_hung" if self.is_hung else "worker_died"

    def sentence(self, name: str) -> str:
        """Say it of a model to someone who waited for its answer."""
        what = "stopped answering while it worked" if self.is_hung else "died while it worked"
        return f"{name} {what} ({self.reason})."


def describe_exit(exit_code: int | None, *, by_us: bool = False) -> str:
    """Say for people how a process ended: "exited", "exit status 1", "killed by SIGKILL".

    Lack of memory is only guessed at where nobody here killed it: the system's own way of making room
    is SIGKILL.
    """
    if exit_code is None or exit_code == 0:
        return "exited"
    if exit_code > 0:
        return f"exit status {exit_code}"
    try:
        name = signal.Signals(-exit_code).name
    except ValueError:
        name = f"signal {-exit_code}"
    if name != "SIGKILL":
        return f"killed by {name}"
    return "ended by Quintet" if by_us else f"killed by {name}, perhaps for lack of memory"
