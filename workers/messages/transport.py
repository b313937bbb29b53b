"""One-way channel between two processes that tells each side when the other has died.

`multiprocessing.Queue` cannot be used here: both processes keep both ends of its pipe, so a reader
whose writer was killed in the middle of a message waits for ever, and an unpicklable value is lost
in the feeder thread without a word. A channel is one pipe whose foreign end is closed, so death
reads as end of file, and `put` pickles at once. The parent writes through a thread and never blocks,
a child writes directly. See docs/adr/0003-a-channel-pair-per-worker.md.
"""

from __future__ import annotations

import contextlib
import pickle
import queue
import threading
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext
from typing import Any


class Sender:
    """The writing end. Any number of threads may `put`."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name=f"{name}-send", daemon=True)
        self._thread.start()

    def put(self, message: object) -> None:
        """Send a message; returns at once. Raises: pickle.PicklingError for what cannot cross."""
        self._outbox.put(pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL))

    def close(self, timeout_s: float = 1.0) -> None:
        """Send what is left, for at most `timeout_s`, and close the pipe."""
        self._outbox.put(None)
        self._thread.join(timeout_s)
        if not self._thread.is_alive():
            self._connection.close()

    def _write(self) -> None:
        while (payload := self._outbox.get()) is not None:
            try:
                self._connection.send_bytes(payload)
            except OSError:
                return  # the reader has died; its own end of file tells the story


class DirectSender:
    """The writing end without a thread of its own: `put` waits while the pipe is full.

    For children, whose parent always reads. One hop less per token: on two cores, each hop between
    threads takes time from the engine's own.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def put(self, message: object) -> None:
        """Send a message. Raises: pickle.PicklingError for what cannot cross."""
        payload = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
        with self._lock, contextlib.suppress(OSError):  # a dead parent ends us through its control
            self._connection.send_bytes(payload)

    def close(self) -> None:
        """Close the pipe."""
        with self._lock:
            self._connection.close()


class Receiver:
    """The reading end, for one thread."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self) -> Any:
        """Return the next message. Raises: EOFError once the other process is gone."""
        try:
            return pickle.loads(self._connection.recv_bytes())  # noqa: S301 — our own child's bytes
        except OSError as err:
            raise EOFError from err

    def close(self) -> None:
        """Close the pipe."""
        self._connection.close()


def pipe(context: SpawnContext) -> tuple[Connection, Connection]:
    """Return (reading end, writing end) of a fresh one-way pipe."""
    return context.Pipe(duplex=False)
