"""One worker as the pool sees it: who waits, what runs, and with which model.

    asleep → loading → ready ⇄ busy → stopping → asleep          (idle, or told to sleep)
                 ↘ failed ↗          ↘ (died) → loading, after a pause that doubles

Requests are served in the order in which they came, whatever model they want. When the next one wants
another, what runs is finished, the process exits, and one with the other model is born.

A process starts when the ledger admits it (`workers.pool.admission`), and leaves when another needs its
memory: when nothing runs, and not before it has answered all who waited when it was started.

Every method runs on the pool's event loop, so there are no locks and nothing ever waits. The line of
waiting requests is `workers.pool.waiting`, whose turn it is `workers.pool.order`, the process `workers.pool.holder`,
what people are told `workers.pool.scene`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

from configs.catalogue import ModelCard
from workers.messages import (
    END_EVENTS,
    Cancel,
    Event,
    Failed,
    Finished,
    LoadFailed,
    Modality,
    Ready,
)
from workers.pool.memory.eviction import Tenant
from workers.pool.memory.placement import Placement

from .admission import Admission
from .ending import Ending
from .holder import BirthOf, Holder
from .job import STOPPING, Job, Patience
from .life import Life
from .order import next_move
from .running import Running, with_waits
from .scene import Scene
from .status import WorkerStatus
from .suspects import refuse
from .waiting import WaitingLine

log = logging.getLogger("quintet.pool")


class WorkerHandle:
    """One worker: waiting requests, running requests, process."""

    def __init__(
        self,
        default: Callable[[], ModelCard],
        birth_of: BirthOf,
        patience: Patience,
        admission: Admission,
        loop: asyncio.AbstractEventLoop,
        on_change: Callable[[], None],
    ) -> None:
        self.modality: Modality = default().modality
        self._default = default
        self._patience = patience
        self._on_change = on_change
        self._waiting = WaitingLine()
        self._running = Running()
        self._holder = Holder(default(), birth_of, patience, loop, self)
        self._admission = admission
        self._room_for = ""
        """For whom the process leaves when nothing runs; "": it stays."""
        self._num_owed = 0
        """Requests that waited when the process was started, and have not been sent yet."""
        self._last_used = time.monotonic()
        self._is_closed = False

    # --- what the pool asks for ------------------------------------------------------------------

    def submit(self, job: Job) -> None:
        """Take a request, or refuse it with one clear sentence."""
        if self._is_closed:
            job.fail(*STOPPING)
        elif len(self._waiting) >= self._patience.max_waiting:
            job.fail(
                "queue_full",
                f"{len(self._waiting)} requests already wait for {self._scene.card.name}.",
                "Try again in a moment.",
            )
        elif self._running.is_poison(job):
            refuse(job)
        elif (failure := self._holder.given_up(job.card)) is not None:
            job.fail(failure.code, failure.message, failure.hint)
        else:
            self._waiting.append(job)
            self._advance()

    def cancel(self, request_id: str) -> bool:
        """Stop a request; returns whether it was here."""
        running = self._running.get(request_id)
        if running is not None:
            if not running.is_cancelled and self._holder.life is not None:
                running.cancelled = time.monotonic()
                self._holder.life.control(Cancel(request_id=request_id))
            return True
        waiting = self._waiting.remove(request_id)
        if waiting is not None:
            waiting.deliver(Finished(request_id=request_id, reason="cancelled"))
            if not self._waiting:
                self._admission.withdraw(self)
            self._advance()
        return waiting is not None

    def wake(self) -> None:
        """Wake a sleeping worker with the default model; one that is awake stays as it is."""
        is_absent = not self.has_process and not self._holder.will_restart
        if is_absent and not self._is_closed and self._admission.asked(self) is None:
            self._ask(self._default())
            self._changed()

    def sleep(self) -> None:
        """End the process; what runs is cancelled, what waits wakes it again."""
        self._holder.stop()
        if not self._waiting:
            self._holder.forget_restart()
            self._admission.withdraw(self)
        self._changed()

    def close(self) -> None:
        """End what waits and what runs with the reason, end the process, take nothing more."""
        self._is_closed = True
        for job in (*self._waiting.take_all(), *self._running.take_all()):
            job.fail(*STOPPING)
        self.sleep()

    def kill(self) -> None:
        """End the process at once."""
        if self._holder.life is not None:
            self._holder.life.kill()

    def tick(self, now: float) -> None:
        """Look after time: deadlines, deafness, silence, idleness."""
        self._drop_late(now)
        self._kill_if_deaf(now)
        if self._holder.life is not None:
            self._holder.life.look_after(now)
        if self._is_idle(now) and not self._admission.is_pinned(self):
            log.info("%s unused for %.0f s: asleep", self.modality, now - self._last_used)
            self.sleep()
        self._announce()

    # --- what the ledger asks for (`workers.pool.admission.Applicant`) ---------------------------

    @property
    def is_leaving(self) -> bool:
        """See `Applicant`."""
        return self._holder.phase == "stopping" or bool(self._room_for)

    @property
    def is_wanted(self) -> bool:
        """See `Applicant`."""
        return bool(self._waiting)

    def tenant(self, held_mib: Mapping[str, int], *, is_pinned: bool) -> Tenant:
        """See `Applicant`."""
        return Tenant(
            name=self.modality,
            model=self._holder.card.name,
            held_mib=held_mib,
            is_busy=bool(self._running or self._waiting),
            is_pinned=is_pinned,
            last_used=self._last_used,
        )

    def admit(self, card: ModelCard, placement: Placement) -> None:
        """See `Applicant`."""
        self._last_used = time.monotonic()
        self._room_for, self._num_owed = "", len(self._waiting)
        self._holder.start(card, placement)  # if it fails, nobody waits for that model any more
        if not self.has_process:
            self._admission.release(self)
            self._advance()  # no exit follows, after which those who want another model had their turn
        self._changed()

    def refuse(self, card: ModelCard, failure: LoadFailed) -> None:
        """See `Applicant`."""
        self._holder.give_up(card, failure)
        self._advance()

    def make_room(self, for_whom: str) -> None:
        """See `Applicant`."""
        log.info("%s makes room for %s", self.modality, for_whom)
        self._room_for = for_whom
        self._leave_if_done()
        self._changed()

    # --- what others may know --------------------------------------------------------------------

    @property
    def has_process(self) -> bool:
        """Whether a process exists, whatever its state."""
        return self._holder.has_process

    @property
    def pid(self) -> int | None:
        """Process id; None while asleep."""
        life = self._holder.life
        return life.pid if life is not None else None

    @property
    def loaded(self) -> tuple[ModelCard, Ready] | None:
        """The model in memory, and what its engine said about itself."""
        life = self._holder.life  # once: other threads ask too
        if life is None or life.ready is None:
            return None
        return life.birth.settings.card, life.ready

    @property
    def is_settled(self) -> bool:
        """Whether loading is over, for better or worse."""
        return self._scene.state in ("ready", "busy", "failed", "asleep")

    @property
    def is_working(self) -> bool:
        """Whether its process needs cores now: it loads, or answers."""
        return bool(self._running) or self._holder.phase == "loading"

    @property
    def holder(self) -> Holder:
        """The process and its model."""
        return self._holder

    def status(self, resident_mib: int) -> WorkerStatus:
        """Return what the page shows about this worker."""
        device = self._holder.device
        return self._scene.status(
            resident_mib,
            granted_mib=self._admission.granted_mib(self, device),
            is_pinned=self._admission.is_pinned(self),
        )

    # --- what the process says (`workers.pool.holder.Owner`) ------------------------------------------

    def on_loading(self) -> None:
        """Say how far it is."""
        self._changed()

    def on_ready(self) -> None:
        """Put it to work."""
        self._last_used = time.monotonic()
        self._admission.on_loaded(self._holder.card)
        self._advance()

    def on_failure(self, failure: LoadFailed) -> None:
        """Fail those who wait for this model; the others go on when its process has gone.

        One that ran out of memory is tried again first, with more room or on another device.
        """
        is_memory = failure.code == "out_of_memory" and self.has_process
        if is_memory and self._admission.may_retry(self._holder.card, self._holder.device):
            log.warning("%s: %s Once more.", self.modality, failure.message)
            return
        waiting = self._waiting.take_for(self._holder.card)
        self._changed()  # whoever hears of the failure must find it in the status
        for job in waiting:
            job.fail(failure.code, failure.message, failure.hint)

    def on_event(self, event: Event) -> None:
        """Hand an event to whoever asked; an end makes room for the next."""
        job = self._running.get(event.request_id)
        if job is None:
            return
        event = with_waits(event, job, self._holder.life)
        if isinstance(event, END_EVENTS):
            self._running.end(event.request_id)
            self._last_used = time.monotonic()
            self._advance()
            self._admission.settle()
        if isinstance(event, Failed) and event.traceback:
            log.error("%s: %s\n%s", self.modality, event.message, event.traceback)
        job.deliver(event)

    def on_exit(self, ending: Ending) -> None:
        """Fail what ran, and serve who waits."""
        self._admission.release(self)
        self._room_for = ""
        self._on_change()  # whoever hears of the failure must find it in the status
        self._running.fail_all(ending)
        for job in self._waiting.take_if(self._running.is_poison):
            refuse(job)
        self._advance()
        self._admission.settle()

    def on_restart(self) -> None:
        """Ask for memory again."""
        self._ask(self._holder.card)
        self._changed()

    # --- who is next -----------------------------------------------------------------------------

    def _advance(self) -> None:
        """Do what the line asks for: ask for memory, send, or change the model."""
        while (first := self._waiting.first) is not None and not self.has_process:
            if self._holder.will_restart and first.card == self._holder.card:
                break  # it comes after the pause
            if self._admission.asked(self) == first.card:
                break  # its turn has not come
            self._ask(first.card)  # if that fails, nobody waits for that model any more
        if self._holder.life is not None and self._holder.phase in ("loading", "ready"):
            self._send_or_change(self._holder.life)
        self._changed()

    def _ask(self, card: ModelCard) -> None:
        self._admission.ask(self, card)

    def _send_or_change(self, life: Life) -> None:
        """Give the process as much as it has slots for; one that nobody waits for makes room.

        The rest waits here, where it can be seen, cancelled at once, and outlive the process.
        """
        if self._room_for and self._num_owed <= 0:
            self._leave_if_done()
            return
        move = next_move(
            self._waiting.cards,
            self._holder.card,
            num_running=len(self._running),
            num_slots=life.ready.slots if life.ready is not None else 0,
        )
        for _ in range(move.num_to_send):
            job = self._waiting.pop_first()
            self._running.add(job)
            self._num_owed -= 1
            life.send(job.request)
        if move.must_change:
            self._change(life)

    def _change(self, life: Life) -> None:
        """Let another model take the process's place, unless there will be no room for it."""
        first = self._waiting.first
        failure = self._admission.refusal(first.card) if first is not None else None
        if first is None or failure is None:
            log.info("%s puts %s to sleep for another", self.modality, self._holder.card.id)
            life.stop()
            return
        for job in self._waiting.take_for(first.card):
            job.fail(failure.code, failure.message, failure.hint)
        self._advance()

    def _leave_if_done(self) -> None:
        """Let the process go for another's sake, once it has done what it was started for."""
        is_owed = bool(self._waiting) and self._num_owed > 0
        if self._room_for and not self._running and not is_owed:
            self._holder.stop()

    def _drop_late(self, now: float) -> None:
        late = self._waiting.take_late(now)
        for job in late:
            job.expire(now)
        for running in self._running.late(now):
            self.cancel(running.request_id)  # if it goes on, `_kill_if_deaf`
            running.expire(now)
        if late:
            self._advance()

    def _kill_if_deaf(self, now: float) -> None:
        """Free a process that works for nobody: what waits goes to the next."""
        grace_s = self._patience.cancel_grace_s
        if self._running.is_deaf(now, grace_s) and self._holder.life is not None:
            self._holder.life.give_up(f"{grace_s:g} s of work on a request that was stopped")

    def _is_idle(self, now: float) -> bool:
        is_unused = self._holder.phase == "ready" and not self._running and not self._waiting
        return is_unused and 0 < self._patience.idle_ttl_s < now - self._last_used

    # --- what people are told --------------------------------------------------------------------

    @property
    def _scene(self) -> Scene:
        return Scene(
            holder=self._holder,
            waiting=self._waiting,
            num_running=len(self._running),
            default=self._default(),
            asked=self._admission.asked(self),
            hindrance=self._admission.hindrance(self),
            room_for=self._room_for,
        )

    def _changed(self) -> None:
        """Tell waiting requests their place, and the pool that something moved."""
        self._announce()
        self._on_change()

    def _announce(self) -> None:
        scene = self._scene
        self._waiting.announce(scene.card, scene.reason)
