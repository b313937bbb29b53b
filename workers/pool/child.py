"""The parent's hold on one worker process: spawn, talk, hear it die, end it."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Callable

from workers.messages import Request, Shutdown
from workers.messages.process_spec import ProcessSpec
from workers.messages.transport import Receiver, Sender, pipe

from .ending import describe_exit
from .spawning import CONTEXT, spawn

log = logging.getLogger("quintet.pool")

REAP_TIMEOUT_S = 2.0
"""How long a process that has closed its event pipe may take to exit by itself."""


class Child:
    """One spawned worker process and the three pipes to it.

    `on_message` and `on_exit` are called from the reading thread. Every message that the child
    wrote before it died is delivered before `on_exit`, and nothing after it.
    """

    def __init__(
        self,
        spec: ProcessSpec,
        on_message: Callable[[object], None],
        on_exit: Callable[[str], None],
    ) -> None:
        self._name = spec.name
        self._on_message = on_message
        self._on_exit = on_exit
        self._is_killed = False
        requests_out, requests_in = pipe(CONTEXT)
        control_out, control_in = pipe(CONTEXT)
        events_out, events_in = pipe(CONTEXT)
        foreign_ends = (requests_out, control_out, events_in)
        self._process = spawn(spec, foreign_ends)
        for end in foreign_ends:
            end.close()  # or death would not read as end of file
        try:
            self._requests = Sender(requests_in, spec.name)
            if spec.python:
                self._requests.put(spec)
            self._control = Sender(control_in, f"{spec.name}-control")
            self._events = Receiver(events_out)
            thread = threading.Thread(target=self._read, name=f"{spec.name}-read", daemon=True)
            thread.start()
        except BaseException:  # no more threads, say: nobody would know of the process
            self._process.kill()
            raise

    @property
    def pid(self) -> int | None:
        """Process id."""
        return self._process.pid

    def send(self, request: Request) -> None:
        """Give the child one request to work on."""
        self._requests.put(request)

    def control(self, message: object) -> None:
        """Tell the child something it hears even while it works."""
        self._control.put(message)

    def shut_down(self) -> None:
        """Ask the child to cancel what runs and to exit."""
        self._control.put(Shutdown())
        self._requests.put(Shutdown())

    def kill(self) -> None:
        """End the process at once; `on_exit` follows."""
        self._is_killed = True
        self._process.kill()

    def join(self, timeout_s: float) -> bool:
        """Wait for the process to be gone; returns whether it is."""
        self._process.join(timeout_s)
        return not self._process.is_alive()

    def _read(self) -> None:
        """Read until the process has gone. Whatever goes wrong here, `on_exit` is called."""
        reason = "lost"
        try:
            self._read_messages()
            reason = self._reap()
        except Exception:
            log.exception("%s: what its process left behind could not be cleared", self._name)
        finally:
            self._on_exit(reason)

    def _read_messages(self) -> None:
        try:
            while True:
                self._on_message(self._events.get())
        except EOFError:
            return
        except Exception:
            log.exception("%s wrote what cannot be read: killed", self._name)
            self.kill()

    def _reap(self) -> str:
        """Wait for the process, close what belonged to it; returns how it ended."""
        self._process.join(REAP_TIMEOUT_S)
        if self._process.is_alive():
            self.kill()
            self._process.join()
        self._sweep()
        reason = describe_exit(self._process.exitcode, by_us=self._is_killed)
        self._events.close()
        self._requests.close(timeout_s=0.1)
        self._control.close(timeout_s=0.1)
        self._process.close()
        return reason

    def _sweep(self) -> None:
        """End what the worker had started: vLLM, say, computes in processes of its own."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self.pid is not None:
                os.killpg(self.pid, signal.SIGKILL)
