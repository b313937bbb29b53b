"""One worker as the pool sees it: its queue, what runs, and the life of its process.

    asleep → loading → ready ⇄ busy → stopping → asleep          (idle, or told to sleep)
                 ↘ failed ↗          ↘ (died) → loading, after a pause that doubles

Every method runs on the pool's event loop, so there are no locks and nothing ever waits.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from .child import Child
from .job import Job, Patience
from .messages import (
    END_EVENTS,
    Cancel,
    Event,
    Failed,
    Finished,
    LoadFailed,
    Loading,
    Modality,
    Ping,
    Pong,
    Queued,
    Ready,
    Started,
)
from .process import Birth
from .restarts import Restarts
from .status import State, WorkerStatus

log = logging.getLogger("quintet.pool")


class WorkerHandle:
    """One worker: queue, running requests, process."""

    def __init__(
        self,
        modality: Modality,
        birth: Birth,
        patience: Patience,
        loop: asyncio.AbstractEventLoop,
        on_change: Callable[[], None],
    ) -> None:
        self.modality = modality
        self.birth = birth
        self.patience = patience
        self.ready: Ready | None = None
        self.is_pinned = False
        self._loop = loop
        self._on_change = on_change
        self._state: State = "asleep"
        self._waiting: deque[Job] = deque()
        self._running: dict[str, Job] = {}
        self._child: Child | None = None
        self._loading: Loading | None = None
        self._load_started = 0.0
        self._failure: LoadFailed | None = None
        self._restarts = Restarts(
            pause_s=patience.restart_pause_s,
            max_deaths=patience.max_deaths,
            window_s=patience.death_window_s,
        )
        self._restart: asyncio.TimerHandle | None = None
        self._last_used = time.monotonic()
        self._last_pong = time.monotonic()
        self._last_ping = 0.0
        self._is_closed = False

    # --- what the pool asks for ------------------------------------------------------------------

    def submit(self, job: Job) -> None:
        """Take a request, or refuse it with one clear sentence."""
        if self._is_closed:
            job.fail("pool_closed", "Quintet is stopping.", "Start it again.")
        elif len(self._waiting) >= self.patience.max_waiting:
            job.fail(
                "queue_full",
                f"{len(self._waiting)} requests already wait for {self.birth.settings.card.name}.",
                "Try again in a moment.",
            )
        else:
            self._waiting.append(job)
            self.wake()
            self._dispatch()
            self._changed()

    def cancel(self, request_id: str) -> bool:
        """Stop a request; returns whether it was here."""
        if request_id in self._running:
            job = self._running[request_id]
            if not job.is_cancelled and self._child is not None:
                job.is_cancelled = True
                self._child.control(Cancel(request_id=request_id))
            return True
        for job in self._waiting:
            if job.request_id == request_id:
                self._waiting.remove(job)
                job.deliver(Finished(request_id=request_id, reason="cancelled"))
                self._changed()
                return True
        return False

    def wake(self) -> None:
        """Make sure a process is there or coming; a worker that keeps dying is left alone."""
        if self._child is not None or self._restart is not None or self._is_closed:
            return
        if self._restarts.is_exhausted(time.monotonic()):
            self._state = "failed"
            self._fail_waiting()
            return
        self._spawn()

    def sleep(self) -> None:
        """End the process; what runs is cancelled, what waits wakes it again."""
        if self._child is None or self._state == "stopping":
            return
        self._state = "stopping"
        child = self._child
        child.shut_down()
        self._loop.call_later(self.patience.stop_grace_s, self._kill, child)
        self._changed()

    def close(self) -> None:
        """Refuse what waits, end the process, take nothing more."""
        self._is_closed = True
        if self._restart is not None:
            self._restart.cancel()
            self._restart = None
        for job in self._waiting:
            job.fail("pool_closed", "Quintet is stopping.", "Start it again.")
        self._waiting.clear()
        self.sleep()

    @property
    def has_process(self) -> bool:
        """Whether a process exists, whatever its state."""
        return self._child is not None

    def kill(self) -> None:
        """End the process at once."""
        if self._child is not None:
            self._child.kill()

    def tick(self, now: float) -> None:
        """Look after time: deadlines, silence, idleness."""
        self._drop_late(now)
        if self._child is None or self._state == "stopping":
            return
        if now - self._last_ping >= self.patience.ping_every_s:
            self._last_ping = now
            self._child.control(Ping())
        if now - self._last_pong > self.patience.ping_timeout_s:
            log.error(
                "%s has not answered for %.0f s: killed", self.birth.name, now - self._last_pong
            )
            self._child.kill()
        elif self._is_idle(now):
            log.info("%s unused for %.0f s: asleep", self.birth.name, now - self._last_used)
            self.sleep()

    def status(self, resident_mib: int) -> WorkerStatus:
        """Return what the page shows about this worker."""
        return WorkerStatus(
            modality=self.modality,
            model=self.birth.settings.card.name,
            state="busy" if self._state == "ready" and self._running else self._state,
            detail=self._detail(),
            progress=self._loading.fraction if self._loading else None,
            device=self.ready.device if self.ready else "",
            pid=self.pid,
            resident_mib=resident_mib,
            num_running=len(self._running),
            num_waiting=len(self._waiting),
            slots=self.ready.slots if self.ready else 0,
            threads=self.birth.settings.threads,
            num_deaths=self._restarts.num_deaths,
        )

    @property
    def pid(self) -> int | None:
        """Process id; None while asleep."""
        return self._child.pid if self._child is not None else None

    @property
    def is_settled(self) -> bool:
        """Whether loading is over, for better or worse."""
        return self._state in ("ready", "failed", "asleep")

    # --- what the process says -------------------------------------------------------------------

    def _spawn(self) -> None:
        self._state = "loading"
        self._failure = None
        self._load_started = self._last_pong = self._last_used = time.monotonic()
        self._loading = Loading(what="starting")
        born = self._loop.call_soon_threadsafe
        cell: list[Child] = []
        child = Child(
            self.birth,
            on_message=lambda message: _quietly(born, self._on_message, cell, message),
            on_exit=lambda reason: _quietly(born, self._on_exit, cell, reason),
        )
        cell.append(child)
        self._child = child
        log.info("%s started (process %s)", self.birth.name, child.pid)

    def _on_message(self, cell: list[Child], message: object) -> None:
        if cell[0] is not self._child:
            return  # the last words of a process that was already given up
        if isinstance(message, Event):
            self._on_event(message)
            return
        if isinstance(message, Loading):
            self._loading = message
        elif isinstance(message, Ready):
            self._on_ready(message)
        elif isinstance(message, LoadFailed):
            self._on_load_failed(message)
        elif isinstance(message, Pong):
            self._last_pong = time.monotonic()
            return
        self._changed()

    def _on_ready(self, ready: Ready) -> None:
        self.ready = ready
        self._loading = None
        if self._state == "loading":
            self._state = "ready"
        self._last_used = time.monotonic()
        log.info("%s ready in %.2f s", self.birth.name, ready.load_s)
        self._dispatch()

    def _on_load_failed(self, failure: LoadFailed) -> None:
        log.error(
            "%s: %s %s\n%s", self.birth.name, failure.message, failure.hint, failure.traceback
        )
        self._failure = failure
        self._state = "failed"
        self._fail_waiting()

    def _on_event(self, event: Event) -> None:
        job = self._running.get(event.request_id)
        if job is None:
            return
        if isinstance(event, Started):
            event = self._started(job, event)
        elif isinstance(event, END_EVENTS):
            del self._running[event.request_id]
            self._last_used = time.monotonic()
            self._dispatch()
            self._changed()
        if isinstance(event, Failed) and event.traceback:
            log.error("%s: %s\n%s", self.birth.name, event.message, event.traceback)
        job.deliver(event)

    def _started(self, job: Job, event: Started) -> Started:
        wait_s = time.monotonic() - job.submitted
        loaded_at = self._load_started + (self.ready.load_s if self.ready else 0.0)
        load_s = max(0.0, loaded_at - max(job.submitted, self._load_started))
        return replace(event, queue_wait_s=wait_s, load_s=min(load_s, wait_s))

    def _on_exit(self, cell: list[Child], reason: str) -> None:
        if cell[0] is not self._child:
            return
        self._child = None
        self.ready = None
        self._loading = None
        if self._state == "stopping":
            self._state = "asleep"
            self._fail_running(reason)
            if self._waiting:
                self.wake()
        elif self._state != "failed":
            self._on_death(reason)
        elif self._waiting:  # came between the failure and the exit: try afresh for them
            self.wake()
        self._changed()

    def _on_death(self, reason: str) -> None:
        log.error("%s died: %s", self.birth.name, reason)
        now = time.monotonic()
        self._restarts.record_death(now)
        if self._restarts.is_exhausted(now):
            self._state = "failed"
            name, deaths = self.birth.settings.card.name, len(self._restarts.deaths)
            self._failure = LoadFailed(
                code="worker_died",
                message=f"{name} died {deaths} times within {self._restarts.window_s:.0f} s: {reason}.",
                hint="The log says more; try again in a minute.",
            )
            self._fail_waiting()
        else:
            self._state = "loading"
            self._loading = Loading(what=f"restarting, was {reason}")
            self._restart = self._loop.call_later(self._restarts.next_pause_s(), self._respawn)
        self._fail_running(reason)

    def _respawn(self) -> None:
        self._restart = None
        if not self._is_closed:
            self._spawn()
            self._changed()

    # --- small parts -----------------------------------------------------------------------------

    def _dispatch(self) -> None:
        """Give the process as much as it has slots for.

        The rest waits here, where it can be seen, cancelled at once, and outlive the process.
        """
        if self._state != "ready" or self.ready is None or self._child is None:
            return
        while self._waiting and len(self._running) < self.ready.slots:
            job = self._waiting.popleft()
            self._running[job.request_id] = job
            self._child.send(job.request)

    def _drop_late(self, now: float) -> None:
        late = [job for job in self._waiting if job.is_late(now)]
        for job in late:
            self._waiting.remove(job)
            job.fail("timed_out", f"The request waited {now - job.submitted:.0f} s in the queue.")
        for job in self._running.values():
            if job.is_late(now):
                self.cancel(job.request_id)
        if late:
            self._changed()

    def _is_idle(self, now: float) -> bool:
        is_unused = self._state == "ready" and not self._running and not self._waiting
        ttl_s = self.patience.idle_ttl_s
        return is_unused and not self.is_pinned and 0 < ttl_s < now - self._last_used

    def _kill(self, child: Child) -> None:
        if child is self._child:
            child.kill()

    def _fail_running(self, reason: str) -> None:
        running, self._running = self._running, {}
        self._on_change()  # whoever hears of the failure must find it in the status
        for job in running.values():
            if job.is_cancelled:
                job.deliver(Finished(request_id=job.request_id, reason="cancelled"))
            else:
                name = self.birth.settings.card.name
                job.fail("worker_died", f"{name} died while it worked ({reason}).", "Try again.")

    def _fail_waiting(self) -> None:
        failure = self._failure or LoadFailed(code="worker_died", message="The worker keeps dying.")
        waiting, self._waiting = self._waiting, deque()
        self._on_change()
        for job in waiting:
            job.fail(failure.code, failure.message, failure.hint)

    def _detail(self) -> str:
        if self._failure is not None:
            return f"{self._failure.message} {self._failure.hint}".strip()
        return self._loading.what if self._loading else ""

    def _changed(self) -> None:
        """Tell waiting requests their place, and the pool that something moved."""
        for num_ahead, job in enumerate(self._waiting):
            place = (num_ahead, self._reason(num_ahead))
            if job.announced != place:
                job.announced = place
                job.deliver(Queued(request_id=job.request_id, num_ahead=place[0], reason=place[1]))
        self._on_change()

    def _reason(self, num_ahead: int) -> str:
        name = self.birth.settings.card.name
        if self._state != "ready":
            return f"waking {name}: {self._loading.what if self._loading else self._state}"
        ahead = num_ahead + len(self._running)
        return f"{ahead} ahead for {name}"


def _quietly(schedule: Callable[..., object], *args: object) -> None:
    """Schedule on the loop; the loop may already be closed while the process still talks."""
    try:
        schedule(*args)
    except RuntimeError:
        log.debug("the pool's loop has closed")
