"""One worker as the pool sees it: who waits, what runs, and with which model.

    asleep → loading → ready ⇄ busy → stopping → asleep          (idle, or told to sleep)
                 ↘ failed ↗          ↘ (died) → loading, after a pause that doubles

A process starts when the scheduler admits it (`workers.pool.scheduler`), and leaves when another needs its
memory: when nothing runs, and not before it has answered all who waited when it was started.

Every method runs on the pool's event loop, so there are no locks and nothing ever waits. Whose turn it
is says `workers.pool.turns`, the process is `workers.pool.supervisor`, what others see `workers.pool.view`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from configs.catalogue import ModelCard
from workers.messages import END_EVENTS, Cancel, Event, Failed, Finished, LoadFailed, Modality
from workers.pool.memory.eviction import ResidentModel
from workers.pool.memory.placement import Placement

from .ending import Ending
from .idleness import Idleness
from .pending import STOPPING, PendingRequest
from .running import with_waits
from .scheduler import Scheduler
from .supervisor import Supervisor
from .suspects import refuse
from .turns import Turns
from .view import WorkerView
from .world import World

log = logging.getLogger("quintet.pool")


class WorkerHandle(WorkerView):
    """One worker: waiting requests, running requests, process."""

    def __init__(
        self,
        modality: Modality,
        default: Callable[[], ModelCard],
        serves: Callable[[], tuple[Modality, ...]],
        world: World,
        scheduler: Scheduler,
        on_change: Callable[[WorkerHandle], None],
    ) -> None:
        self.modality = modality
        self._default = default
        self._serves = serves
        self._world = world
        self._on_change = on_change
        self._scheduler = scheduler
        self._supervisor = Supervisor(default(), world, self)
        self._turns = Turns(self, self._supervisor, scheduler, self._advance)
        self._idleness = Idleness(world)
        self._is_closed = False

    # --- what the pool asks for ------------------------------------------------------------------

    def submit(self, pending: PendingRequest) -> None:
        """Take a request, or refuse it with one clear sentence."""
        if self._is_closed:
            pending.fail(*STOPPING)
        elif len(self._turns.waiting) >= self._world.limits.max_waiting:
            pending.fail(
                "queue_full",
                f"{len(self._turns.waiting)} requests already wait for {self._snapshot.card.name}.",
                "Try again in a moment.",
            )
        elif self._turns.knows(pending.request_id):
            pending.fail(
                "bad_request",
                f"A request with the id {pending.request_id} is on its way already.",
                "Give each request an id of its own.",
            )
        elif self._turns.running.is_poison(pending, self._world.now):
            refuse(pending)
        elif (failure := self._supervisor.given_up(pending.card)) is not None:
            pending.fail(failure.code, failure.message, failure.hint)
        else:
            self._turns.waiting.append(pending)
            self._advance()

    def cancel(self, request_id: str) -> bool:
        """Stop a request; returns whether it was here."""
        running = self._turns.running.get(request_id)
        if running is not None:
            if not running.is_cancelled and self._supervisor.process is not None:
                running.cancelled = self._world.now
                self._supervisor.process.control(Cancel(request_id=request_id))
            return True
        waiting = self._turns.waiting.remove(request_id)
        if waiting is not None:
            waiting.deliver(Finished(request_id=request_id, reason="cancelled"))
            self._turns.withdraw_if_unwanted()
            self._advance()
        return waiting is not None

    def drop(self, pending: PendingRequest) -> None:
        """Let go of a request that could not be taken, whatever became of it."""
        self._turns.waiting.remove(pending.request_id)
        self._turns.withdraw_if_unwanted()

    def wake(self) -> None:
        """Wake a sleeping worker with the default model, unless that lives with another by now."""
        card, is_awake = self._default(), self.has_process or self._supervisor.will_restart
        if is_awake or self._is_closed or card.modality != self.modality:
            return
        if self._scheduler.asked(self) is None:
            self._scheduler.request(self, card)
            self._changed()

    def sleep(self) -> None:
        """End the process; what runs is cancelled, what waits wakes it again.

        One that is loading for those who wait answers them first: thrown away as often as somebody
        says "sleep", it would never come to that.
        """
        if self._turns.must_answer_first:
            self._turns.departure.ask("going to sleep", is_requested=True)
            self._changed()
        else:
            self._stop()

    def close(self) -> None:
        """End what waits and what runs with the reason, end the process, take nothing more."""
        self._is_closed = True
        for pending in (*self._turns.waiting.take_all(), *self._turns.running.take_all()):
            pending.fail(*STOPPING)
        self._stop()

    def kill(self) -> None:
        """End the process at once."""
        self._supervisor.kill()

    def tick(self, now: float) -> None:
        """Look after time: deadlines, deafness, silence, idleness; make up for what was missed.

        Each on its own: one that fails keeps none of the others from its work.
        """
        look_after = self._supervisor.look_after
        for look in (self._drop_late, self._kill_if_deaf, look_after, self._sleep_if_idle):
            self._world.guard.run(look.__name__.strip("_"), look, now)
        if self.is_wanted or self._turns.departure:
            self._advance()

    # --- what the scheduler asks for (`workers.pool.memory_request`) ---------------------------

    @property
    def is_leaving(self) -> bool:
        """See `Requester`."""
        return self._supervisor.phase == "stopping" or bool(self._turns.departure)

    @property
    def is_wanted(self) -> bool:
        """See `Requester`."""
        return bool(self._turns.waiting)

    def resident(self, reserved_mib: Mapping[str, int], *, is_pinned: bool) -> ResidentModel:
        """See `Requester`."""
        return ResidentModel(
            name=self.modality,
            model=self._supervisor.card.name,
            reserved_mib=reserved_mib,
            is_busy=bool(self._turns.running or self._turns.waiting),
            is_pinned=is_pinned,
            last_used=self._idleness.last_used,
        )

    def admit(self, card: ModelCard, placement: Placement) -> None:
        """See `Requester`."""
        self._idleness.begin()
        self._turns.departure.begin(self._turns.waiting.last_turn)
        self._supervisor.start(card, placement)  # if it fails, nobody waits for that model any more
        if not self.has_process:
            self._scheduler.release(self)
            self._advance()  # no exit follows, after which those who want another model had their turn
        self._changed()

    def refuse(self, card: ModelCard, failure: LoadFailed) -> None:
        """See `Requester`."""
        self._supervisor.give_up(card, failure)
        self._advance()

    def evict(self, for_whom: str) -> None:
        """See `Requester`."""
        log.info("%s makes room for %s", self.modality, for_whom)
        self._turns.departure.ask(f"making room for {for_whom}")
        self._turns.leave_if_done()
        self._changed()

    # --- what the process says (`workers.pool.supervisor.Owner`) ------------------------------------------

    def on_loading(self) -> None:
        """Say how far it is."""
        self._changed()

    def on_ready(self) -> None:
        """Put it to work."""
        self._idleness.use()
        self._scheduler.on_loaded(self._supervisor.card)
        self._advance()

    def on_load_failed(self, failure: LoadFailed) -> None:
        """Fail those who wait for this model; the others go on when its process has gone.

        One that ran out of memory is tried again first, with more room or on another device.
        """
        is_memory = failure.code == "out_of_memory" and self.has_process
        if is_memory and self._scheduler.may_retry(self._supervisor.card, self._supervisor.device):
            log.warning("%s: %s Once more.", self.modality, failure.message)
            return
        self._on_change(self)  # whoever hears of the failure must find it in the status
        self._turns.fail(self._supervisor.card, failure)
        self._changed()

    def on_event(self, event: Event) -> None:
        """Hand an event to whoever asked; an end makes room for the next."""
        pending = self._turns.running.get(event.request_id)
        if pending is None:
            return
        now = self._world.now
        if pending.is_late(now) and not pending.is_cancelled:
            self._drop_late(now)  # not at the next tick: what comes late is not delivered
        if isinstance(event, END_EVENTS):
            self._turns.running.end(event.request_id)
            self._supervisor.note_served(pending, event, is_alone=not self._turns.running)
            self._idleness.end(pending.request)
            self._advance()
            self._sleep_if_idle(self._world.now)  # who asked for that must find it asleep
            self._scheduler.schedule()
        if isinstance(event, Failed) and event.traceback:
            log.error("%s: %s\n%s", self.modality, event.message, event.traceback)
        pending.deliver(with_waits(event, pending, self._supervisor.process, now))

    def on_exit(self, ending: Ending) -> None:
        """Fail what ran, and serve who waits."""
        self._scheduler.release(self)
        self._turns.departure.forget()
        self._on_change(self)  # whoever hears of the failure must find it in the status
        self._turns.fail_all(ending, self._world.now)
        self._advance()
        self._scheduler.schedule()

    def on_restart(self) -> None:
        """Ask for memory again: for whoever is next, or else for what has died."""
        if not self._turns.waiting and not self._is_closed:
            self._scheduler.request(self, self._supervisor.card)
        self._advance()

    def _stop(self) -> None:
        self._supervisor.stop()
        if not self._turns.waiting:
            self._supervisor.forget_restart()
            self._scheduler.withdraw(self)
        self._changed()

    # --- time -------------------------------------------------------------------------------------

    def _drop_late(self, now: float) -> None:
        late = self._turns.waiting.take_late(now)
        for pending in late:
            pending.expire(now)
        for running in self._turns.running.late(now):
            self.cancel(running.request_id)  # if it goes on, `_kill_if_deaf`
            running.expire(now)
        if late:
            self._turns.withdraw_if_unwanted()

    def _kill_if_deaf(self, now: float) -> None:
        """Free a process that works for nobody: what waits goes to the next."""
        grace_s = self._world.limits.cancel_grace_s
        if self._turns.running.is_deaf(now, grace_s) and self._supervisor.process is not None:
            self._supervisor.process.give_up(f"{grace_s:g} s of work on a request that was stopped")

    def _sleep_if_idle(self, now: float) -> None:
        is_used = self._supervisor.phase != "ready" or self._turns.running or self._turns.waiting
        if self._idleness.is_due(now) and not is_used and not self._scheduler.is_pinned(self):
            log.info("%s unused for %.0f s: asleep", self.modality, now - self._idleness.last_used)
            self._stop()

    # --- what people are told --------------------------------------------------------------------

    def _advance(self) -> None:
        """Do whatever can be done now, and tell of it; not for those who have given up waiting."""
        self._drop_late(self._world.now)
        self._turns.advance()
        self._changed()

    def _changed(self) -> None:
        """Tell waiting requests their place, and the pool that something moved. Never raises."""
        self._world.guard.run("telling those who wait", self._announce)
        self._on_change(self)

    def _announce(self) -> None:
        if self._turns.waiting:
            snapshot = self._snapshot
            self._turns.waiting.announce(snapshot.card, snapshot.reason)
