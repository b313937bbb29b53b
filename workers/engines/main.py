"""The child: read a request, run the worker, write its events.

Three kinds of threads: one reads requests and hands them to as many slots as the engine has; one
reads the control pipe, so that a busy worker still hears Cancel, Ping and Shutdown; the slots run
the engine. When the control pipe ends, the parent is dead and the process leaves at once.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

from workers.messages import (
    END_EVENTS,
    Cancel,
    Event,
    Failed,
    Finished,
    LoadFailed,
    Loading,
    LoadModel,
    Ping,
    Pong,
    Request,
    Shutdown,
    Started,
)
from workers.messages.errors import AppError
from workers.messages.process_spec import ProcessSpec
from workers.messages.transport import DirectSender, Receiver
from workers.models.weights import with_weights

from .contract import CancelToken, Pulse, Worker
from .registry import create_worker

log = logging.getLogger("quintet.worker")


def peak_resident_mib() -> int:
    """Return the highest resident memory so far of this process and of those it has started, in MiB.

    Linux's own mark where there is one: `ru_maxrss` begins with what the parent used at the spawn.
    """
    import resource

    marks_kib = [_peak_kib(pid) for pid in ("self", *_children())]
    if marks_kib[0]:
        return sum(marks_kib) // 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1024 * 1024) if sys.platform == "darwin" else peak // 1024


def _peak_kib(pid: str) -> int:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/status", encoding="utf-8") as status:
        return sum(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    return 0


def _children() -> list[str]:
    """Return the ids of the processes that were started here; none where Linux is not."""
    lists = Path("/proc/self/task").glob("*/children")
    with contextlib.suppress(OSError):  # a thread that has just ended
        return [pid for path in lists for pid in path.read_text(encoding="utf-8").split()]
    return []


def child_main(
    spec: ProcessSpec, requests: Connection, control: Connection, events: Connection
) -> None:
    """Be a worker until told to stop. The target of the spawned process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    os.setpgrp()  # what an engine starts of its own goes with it: see workers.pool.child
    os.environ.update(spec.environment)
    logging.basicConfig(level=spec.log_level, format=f"%(asctime)s {spec.name} %(message)s")
    _set_title(spec.name)
    sender = DirectSender(events)
    tokens = TokenBoard()
    threading.Thread(
        target=_listen, args=(Receiver(control), sender, tokens), name="control", daemon=True
    ).start()
    loaded = _load(spec, sender)
    if loaded is not None:
        worker, slots = loaded
        _serve(worker, slots, Receiver(requests), sender, tokens)
        worker.close()
    sender.close()


def _set_title(name: str) -> None:
    try:
        import setproctitle
    except ImportError:
        return
    setproctitle.setproctitle(f"quintet {name}")


class TokenBoard:
    """The cancel tokens of the requests this child has heard of, and the pulse that they share."""

    def __init__(self) -> None:
        self.pulse = Pulse()
        self._tokens: dict[str, CancelToken] = {}
        self._lock = threading.Lock()

    def token(self, request_id: str) -> CancelToken:
        """Return the request's token; a Cancel may arrive before the request itself."""
        with self._lock:
            return self._tokens.setdefault(request_id, CancelToken(self.pulse))

    def forget(self, request_id: str) -> None:
        """Drop the token of a request that has ended."""
        with self._lock:
            self._tokens.pop(request_id, None)

    def cancel_all(self) -> None:
        """Cancel everything that runs."""
        with self._lock:
            for token in self._tokens.values():
                token.cancel()


def _listen(control: Receiver, sender: DirectSender, tokens: TokenBoard) -> None:
    while True:
        try:
            message = control.get()
        except EOFError:  # the parent is dead
            os.killpg(0, signal.SIGKILL)
        if isinstance(message, Cancel):
            tokens.token(message.request_id).cancel()
        elif isinstance(message, Ping):
            sender.put(Pong(progress_at=tokens.pulse.at))
        elif isinstance(message, Shutdown):
            tokens.cancel_all()


def _load(spec: ProcessSpec, sender: DirectSender) -> tuple[Worker, int] | None:
    started = time.monotonic()
    sender.put(Loading(what="starting"))
    try:
        worker = create_worker(spec.modality, spec.target)
        ready = worker.load(with_weights(spec.settings, sender.put), sender.put)
    except AppError as err:
        sender.put(LoadFailed(code=err.code, message=err.message, hint=err.hint))
        return None
    except MemoryError:
        sender.put(LoadFailed(code="out_of_memory", message="Not enough memory for the model."))
        return None
    except Exception as err:  # noqa: BLE001 — the boundary of the process: everything must be told
        sentence = f"{spec.settings.card.name} could not be loaded: {err}"
        sender.put(
            LoadFailed(code="load_failed", message=sentence, traceback=traceback.format_exc())
        )
        return None
    sender.put(replace(ready, load_s=time.monotonic() - started))
    return worker, ready.slots


def _serve(
    worker: Worker, slots: int, requests: Receiver, sender: DirectSender, tokens: TokenBoard
) -> None:
    with ThreadPoolExecutor(max_workers=slots, thread_name_prefix="slot") as pool:
        while True:
            try:
                request = requests.get()
            except EOFError:
                return
            if isinstance(request, Shutdown):
                return
            pool.submit(answer, worker, request, tokens.token(request.request_id), sender, tokens)


def answer(
    worker: Worker, request: Request, cancel: CancelToken, sender: DirectSender, tokens: TokenBoard
) -> None:
    """Run one request to its one end event."""
    started = time.monotonic()
    sender.put(Started(request_id=request.request_id, queue_wait_s=0.0))
    try:
        is_load = isinstance(
            request, LoadModel
        )  # the model is in memory, or nothing could be asked here
        end = _forward(iter(()) if is_load else worker.handle(request, cancel), request, sender)
    except AppError as err:
        end = Failed(
            request_id=request.request_id,
            code=err.code,
            message=err.message,
            hint=err.hint,
            num_tokens=getattr(err, "num_tokens", 0),
        )
    except MemoryError:
        end = Failed(
            request_id=request.request_id,
            code="out_of_memory",
            message="The machine ran out of memory.",
            hint="Use a smaller input, or let idle models sleep.",
        )
    except Exception as err:
        log.exception("request %s failed", request.request_id)
        end = Failed(
            request_id=request.request_id,
            code="engine_error",
            message=f"The engine failed: {err}",
            traceback=traceback.format_exc(),
        )
    if isinstance(end, Finished):
        reason = "cancelled" if cancel.is_cancelled else end.reason
        run_s = time.monotonic() - started
        end = replace(end, reason=reason, run_s=run_s, peak_mib=peak_resident_mib())
    tokens.forget(request.request_id)
    sender.put(end)


def _forward(events: Iterator[Event], request: Request, sender: DirectSender) -> Finished | Failed:
    for event in events:
        if isinstance(event, END_EVENTS):
            return event
        sender.put(event)
    return Finished(request_id=request.request_id)
