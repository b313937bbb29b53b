"""Run code under the interpreter of another virtual environment, with Quintet's own packages.

`multiprocessing` starts its children with the parent's interpreter and hands them the parent's
`sys.path`, both from private global state; another environment must get neither. So a worker there is
an ordinary subprocess, which finds Quintet's packages by a path on its command line and everything else in its
environment.

Both run the same minor version of Python (`workers.models.environments` sees to it), for what is pickled.
"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[3]
"""Where Quintet's own packages are."""

MAIN = "import workers.engines.environment_main; workers.engines.environment_main.main()"


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
