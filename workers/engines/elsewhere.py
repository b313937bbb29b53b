"""Be a worker under the interpreter of another virtual environment.

`multiprocessing` starts its children with the parent's interpreter and hands them the parent's
`sys.path`, both from private global state; another environment must get neither. So such a child is
an ordinary subprocess: it inherits three pipe ends by number, finds Quintet's own packages beside
this file and everything else in its environment, and reads its `Birth` as the first message. From
there on it is the same `run_child`.

Both run the same minor version of Python (`workers.models.environments` sees to it), for what is pickled.
"""

from __future__ import annotations

import os
import sys
from multiprocessing.connection import Connection
from pathlib import Path

ROOT = Path(__file__).parents[2]
"""Where Quintet's own packages are."""

MAIN = "import workers.engines.elsewhere; workers.engines.elsewhere.main()"


def command_of(python: str, code: str = MAIN) -> list[str]:
    """Return how to run code that knows Quintet's packages and, besides, only its environment's.

    Isolated (-I): no variable and no user folder adds to its path.
    """
    return [python, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}"]


def environ_of(python: str) -> dict[str, str]:
    """Return this process's variables as if the other environment had been activated."""
    folder = Path(python).parent
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    path = f"{folder}{os.pathsep}{kept.get('PATH', os.defpath)}"
    return {**kept, "PATH": path, "VIRTUAL_ENV": str(folder.parent)}


def main() -> None:
    """Be the worker whose pipe ends are named on the command line: requests, control, events."""
    from workers.messages.transport import Receiver

    from .main import run_child

    requests, control, events = map(int, sys.argv[1:4])
    inbox = Connection(requests, writable=False)
    birth = Receiver(inbox).get()
    run_child(birth, inbox, Connection(control, writable=False), Connection(events, readable=False))
