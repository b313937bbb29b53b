"""One worker as the pool sees it: who waits, what runs, and which process works for them.

    asleep → loading → ready ⇄ busy → stopping → asleep          (idle, or told to sleep)
                 ↘ failed ↗          ↘ (died) → loading, after a pause that doubles

Every method runs on the pool's event loop, so there are no locks and nothing ever waits. The line of
waiting requests is `workers.waiting`, the process `workers.life`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace

from .job import Job, Patience
from .life import Life
from .messages import (
    END_EVENTS,
    Cancel,
    Event,
    Failed,
    Finished,
    LoadFailed,
    Loading,
    Modality,
    Ready,
    Started,
)
from .process import Birth
from .restarts import Restarts
from .status import State, WorkerStatus
from .waiting import WaitingLine

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
        self._loop = loop
        self._on_change = on_change
        self._waiting = WaitingLine()
        self._running: dict[str, Job] = {}
        self._life: Life | None = None
        self._failure: LoadFailed | None = None
        self._restarts = Restarts(
            pause_s=patience.restart_pause_s,
            max_deaths=patience.max_deaths,
            window_s=patience.death_window_s,
        )
        self._restart: asyncio.TimerHandle | None = None
        self._restarting = Loading(what="restarting")
        self._last_used = time.monotonic()
        self._is_closed = False

    # --- what the pool asks for ------------------------------------------------------------------

    def submit(self, job: Job) -> None:
        """Take a request, or refuse it with one clear sentence."""
        if self._is_closed:
            job.fail("pool_closed", "Quintet is stopping.", "Start it again.")
        elif len(self._waiting) >= self.patience.max_waiting:
            job.fail(
                "queue_full",
                f"{len(self._waiting)} requests already wait for {self._name}.",
                "Try again in a moment.",
            )
        else:
            self._waiting.append(job)
            self.wake()
            self._dispatch()
            self._changed()

    def cancel(self, request_id: str) -> bool:
        """Stop a request; returns whether it was here."""
        running = self._running.get(request_id)
        if running is not None:
            if not running.is_cancelled and self._life is not None:
                running.is_cancelled = True
                self._life.control(Cancel(request_id=request_id))
            return True
        waiting = self._waiting.remove(request_id)
        if waiting is not None:
            waiting.deliver(Finished(request_id=request_id, reason="cancelled"))
            self._changed()
        return waiting is not None

    def wake(self) -> None:
        """Make sure a process is there or coming; a worker that keeps dying is left alone."""
        if self._life is not None or self._restart is not None or self._is_closed:
            return
        if self._restarts.is_exhausted(time.monotonic()):
            self._fail_waiting()
            return
        self._start()

    def sleep(self) -> None:
        """End the process; what runs is cancelled, what waits wakes it again."""
        if self._life is not None:
            self._life.stop()
            self._changed()

    def close(self) -> None:
        """Refuse what waits, end the process, take nothing more."""
        self._is_closed = True
        if self._restart is not None:
            self._restart.cancel()
            self._restart = None
        for job in self._waiting.take_all():
            job.fail("pool_closed", "Quintet is stopping.", "Start it again.")
        self.sleep()

    def kill(self) -> None:
        """End the process at once."""
        if self._life is not None:
            self._life.kill()

    def tick(self, now: float) -> None:
        """Look after time: deadlines, silence, idleness."""
        self._drop_late(now)
        if self._life is None:
            return
        self._life.look_after(now)
        if self._is_idle(now):
            log.info("%s unused for %.0f s: asleep", self.modality, now - self._last_used)
            self.sleep()

    # --- what others may know --------------------------------------------------------------------

    @property
    def has_process(self) -> bool:
        """Whether a process exists, whatever its state."""
        return self._life is not None

    @property
    def pid(self) -> int | None:
        """Process id; None while asleep."""
        return self._life.pid if self._life is not None else None

    @property
    def ready(self) -> Ready | None:
        """What the loaded engine said about itself; None while it is not loaded."""
        return self._life.ready if self._life is not None else None

    @property
    def state(self) -> State:
        """Where the worker is on its way."""
        if self._life is not None:
            is_busy = self._life.phase == "ready" and self._running
            return "busy" if is_busy else self._life.phase
        if self._restart is not None:
            return "loading"
        return "failed" if self._failure is not None else "asleep"

    @property
    def is_settled(self) -> bool:
        """Whether loading is over, for better or worse."""
        return self.state in ("ready", "busy", "failed", "asleep")

    def status(self, resident_mib: int) -> WorkerStatus:
        """Return what the page shows about this worker."""
        loading = self._loading
        return WorkerStatus(
            modality=self.modality,
            model=self._name,
            state=self.state,
            detail=self._detail(),
            progress=loading.fraction if loading else None,
            device=self.ready.device if self.ready else "",
            pid=self.pid,
            resident_mib=resident_mib,
            num_running=len(self._running),
            num_waiting=len(self._waiting),
            slots=self.ready.slots if self.ready else 0,
            threads=self.birth.settings.threads,
            num_deaths=self._restarts.num_deaths,
        )

    # --- what the process says (`workers.life.Owner`) --------------------------------------------

    def on_loading(self) -> None:
        """Say how far it is."""
        self._changed()

    def on_ready(self) -> None:
        """Put it to work."""
        self._last_used = time.monotonic()
        self._dispatch()
        self._changed()

    def on_load_failed(self, failure: LoadFailed) -> None:
        """Tell those who waited."""
        self._failure = failure
        self._fail_waiting()
        self._changed()

    def on_event(self, event: Event) -> None:
        """Hand an event to whoever asked; an end makes room for the next."""
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
            log.error("%s: %s\n%s", self.modality, event.message, event.traceback)
        job.deliver(event)

    def on_exit(self, reason: str) -> None:
        """Fail what ran, and start again if it died or somebody waits."""
        phase = self._life.phase if self._life is not None else "failed"
        self._life = None
        if phase == "stopping":
            self._fail_running(reason)
            if self._waiting:
                self.wake()
        elif phase != "failed":
            self._on_death(reason)
        elif self._waiting:  # came between the failure and the exit: try afresh for them
            self.wake()
        self._changed()

    def _on_death(self, reason: str) -> None:
        log.error("%s died: %s", self.modality, reason)
        now = time.monotonic()
        self._restarts.record_death(now)
        if self._restarts.is_exhausted(now):
            deaths, window_s = len(self._restarts.deaths), self._restarts.window_s
            self._failure = LoadFailed(
                code="worker_died",
                message=f"{self._name} died {deaths} times within {window_s:.0f} s: {reason}.",
                hint="The log says more; try again in a minute.",
            )
            self._fail_waiting()
        else:
            self._restarting = Loading(what=f"restarting, was {reason}")
            self._restart = self._loop.call_later(self._restarts.next_pause_s(), self._start_again)
        self._fail_running(reason)

    # --- small parts -----------------------------------------------------------------------------

    @property
    def _name(self) -> str:
        return self.birth.settings.card.name

    def _start(self) -> None:
        self._failure = None
        self._last_used = time.monotonic()
        self._life = Life(self.birth, self.patience, self._loop, self)

    def _start_again(self) -> None:
        self._restart = None
        if not self._is_closed:
            self._start()
            self._changed()

    def _dispatch(self) -> None:
        """Give the process as much as it has slots for.

        The rest waits here, where it can be seen, cancelled at once, and outlive the process.
        """
        life = self._life
        if life is None or life.phase != "ready" or life.ready is None:
            return
        while self._waiting and len(self._running) < life.ready.slots:
            job = self._waiting.pop_first()
            self._running[job.request_id] = job
            life.send(job.request)

    def _started(self, job: Job, event: Started) -> Started:
        wait_s = time.monotonic() - job.submitted
        life = self._life
        if life is None or life.ready is None:
            return replace(event, queue_wait_s=wait_s)
        loaded_at = life.started + life.ready.load_s
        load_s = max(0.0, loaded_at - max(job.submitted, life.started))
        return replace(event, queue_wait_s=wait_s, load_s=min(load_s, wait_s))

    def _drop_late(self, now: float) -> None:
        late = self._waiting.take_late(now)
        for job in late:
            job.fail("timed_out", f"The request waited {now - job.submitted:.0f} s in the queue.")
        for job in self._running.values():
            if job.is_late(now):
                self.cancel(job.request_id)
        if late:
            self._changed()

    def _is_idle(self, now: float) -> bool:
        is_unused = self.state == "ready" and not self._waiting
        return is_unused and 0 < self.patience.idle_ttl_s < now - self._last_used

    def _fail_running(self, reason: str) -> None:
        running, self._running = self._running, {}
        self._on_change()  # whoever hears of the failure must find it in the status
        for job in running.values():
            if job.is_cancelled:
                job.deliver(Finished(request_id=job.request_id, reason="cancelled"))
            else:
                job.fail(
                    "worker_died", f"{self._name} died while it worked ({reason}).", "Try again."
                )

    def _fail_waiting(self) -> None:
        failure = self._failure or LoadFailed(code="worker_died", message="The worker keeps dying.")
        waiting = self._waiting.take_all()
        self._on_change()
        for job in waiting:
            job.fail(failure.code, failure.message, failure.hint)

    # --- what people are told --------------------------------------------------------------------

    @property
    def _loading(self) -> Loading | None:
        if self._life is not None:
            return self._life.loading
        return self._restarting if self._restart is not None else None

    def _detail(self) -> str:
        if self._failure is not None:
            return f"{self._failure.message} {self._failure.hint}".strip()
        return self._loading.what if self._loading else ""

    def _changed(self) -> None:
        """Tell waiting requests their place, and the pool that something moved."""
        self._waiting.announce(self._reason)
        self._on_change()

    def _reason(self, num_ahead: int) -> str:
        if self.state not in ("ready", "busy"):
            return f"waking {self._name}: {self._loading.what if self._loading else self.state}"
        return f"{num_ahead + len(self._running)} ahead for {self._name}"
