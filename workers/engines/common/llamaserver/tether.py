"""Become another program that dies with the process that started it, however that one ends.

    python -I -S tether.py PARENT PROGRAM ARGUMENT…

Linux alone can promise that (PR_SET_PDEATHSIG); elsewhere the pool ends the group of the worker that
has died. A program of its own, because between fork and exec no Python may run where there are threads.
"""

from __future__ import annotations

import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Tie this process to its parent, whose id is `parent`, and run the command in its place."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before it was tied to
        sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 — no shell is the point


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
