"""Be a worker under the interpreter of another virtual environment.

Such a child is an ordinary subprocess (`workers.models.environments.interpreter` says how it is started): it
inherits three pipe ends by number and reads its `ProcessSpec` as the first message. From there on it is the
same `child_main`.
"""

from __future__ import annotations

import sys
from multiprocessing.connection import Connection


def main() -> None:
    """Be the worker whose pipe ends are named on the command line: requests, control, events."""
    from workers.messages.transport import Receiver

    from .main import child_main

    requests, control, events = map(int, sys.argv[1:4])
    inbox = Connection(requests, writable=False)
    spec = Receiver(inbox).get()
    child_main(spec, inbox, Connection(control, writable=False), Connection(events, readable=False))
