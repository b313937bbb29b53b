"""The pool: five workers, one event loop that owns all of their state.

The loop runs in a thread of its own; every other thread talks to it by scheduling a call, so there
are no locks. What the page shows is a frozen snapshot that the loop replaces.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import TimeoutError as FutureTimeout
from functools import partial

from configs.catalogue import ModelCard
from workers.messages import Modality, Ready, Request
from workers.models.lookup import Models
from workers.pool.memory.manager import MemoryManager
from workers.pool.memory.plan import Plan, plan
from workers.pool.memory.tracker import Budget
from workers.pool.speed.speeds import Speeds

from .estimates import Estimates
from .guard import in_words
from .handle import WorkerHandle
from .homes import Homes
from .host import Host
from .pending import STOPPING, Deliver, PendingRequest, PoolLimits
from .publisher import Publisher
from .sampler import RssSampler
from .scheduler import Scheduler
from .status import PoolStatus
from .world import SpecOf, World

log = logging.getLogger("quintet.pool")

TICK_S = 0.5
"""How often deadlines, silence, idleness and memory are looked at."""


class Pool:
    """Starts, watches, replaces and stops the workers; hands requests to them."""

    def __init__(
        self,
        models: Models,
        spec_of: SpecOf,
        limits: PoolLimits,
        memory: MemoryManager,
        host: Host | None = None,
        speeds: Speeds | None = None,
    ) -> None:
        """`spec_of` says how the process that holds a card's model is started.

        There is one worker for each modality that has a default model. `host`: None is this machine.
        `speeds` is told how fast models were, and says so; None: nobody is.
        """
        self._speeds = speeds
        self._models = models
        self._memory = memory
        host = host or Host()
        self._loop = host.new_loop()
        self._world = World(loop=self._loop, limits=limits, spec_of=spec_of, host=host)
        if speeds is not None:
            self._world.note_speed = speeds.note
        self._guard = self._world.guard
        self._loop.set_exception_handler(self._guard.on_loop_error)
        self._thread = threading.Thread(target=self._run, name="pool", daemon=True)
        self._handles: dict[Modality, WorkerHandle] = {}
        self._estimates = Estimates(memory.places, self._world)
        self._sampler = RssSampler(
            memory, self._estimates, self._world, self._handles.values, self._on_sample
        )
        self._world.read_vitals = self._sampler.vitals
        self._scheduler = Scheduler(memory, self._estimates, self._world, self._sampler.look)
        self._homes = Homes(models, self._handles)
        self._publisher = Publisher(self._homes, self._scheduler, self._sampler, self._world)
        self._to_warm: list[Modality] = []
        self._num_estimating = 0
        self._is_closed = False
        self._closing = threading.Lock()
        """Held while something is scheduled: whatever comes before `close` is done before it."""

    # --- from any thread -------------------------------------------------------------------------

    def start(self) -> None:
        """Start the loop. No worker is started: they wake on their first request or by `warm`."""
        self.set_up()
        self._thread.start()

    def set_up(self) -> None:
        """Do all of `start` but run the loop."""
        for modality in self._models.modalities:
            self._handles[modality] = WorkerHandle(
                modality,
                partial(self._models.default, modality),
                partial(self._homes.served_by, modality),
                self._world,
                self._scheduler,
                self._publisher.tell_of,
            )
            self._scheduler.join(self._handles[modality])
        self._sampler.look_now()
        self._on_sample()
        self._loop.call_later(TICK_S, self._tick)

    def prepare(self, card: ModelCard) -> None:
        """Read what must be known of a model before it is started; takes up to 0.1 s."""
        self._estimates.work_out(card)

    def submit(self, request: Request, card: ModelCard, deliver: Deliver) -> None:
        """Queue a request for the model of a card.

        Its events go to `deliver`, which is called on the pool's loop. Whatever happens, the last
        one is a Finished or a Failed.
        """
        now = self._world.now
        deadline = self._world.limits.deadline(request, card.modality, now)
        pending = PendingRequest(
            request=request, card=card, inbox=deliver, submitted=now, deadline=deadline
        )
        self._schedule(self._submit, pending)

    def cancel(self, request_id: str) -> None:
        """Stop a request, wherever it is; unknown ids are ignored."""
        self._schedule(self._cancel, request_id)

    def warm(self, modalities: Iterable[Modality]) -> None:
        """Wake workers with their default models, one after the other.

        So they do not fight for the cores. A worker that is awake stays as it is.
        """
        self._schedule(self._warm, list(modalities))

    def sleep(self, modality: Modality, *, only_idle: bool = False) -> None:
        """Put a worker to sleep: its process exits and gives all memory back; `only_idle`: unless it has work."""
        self._schedule(self._sleep, modality, only_idle)

    def allow(self, budget: Budget) -> None:
        """Change how much memory may be taken; idle workers leave if it is less than they hold."""
        self._schedule(self._allow, budget)

    def pin(self, modality: Modality, *, is_pinned: bool) -> None:
        """Keep a worker in memory whatever comes, or no longer, with all who live in it."""
        pinned = self._memory.tracker.pinned
        if is_pinned:
            self._schedule(pinned.add, modality)
        else:
            living = self._homes.served_by(self._homes.of(modality))
            self._schedule(pinned.difference_update, {modality, *living})

    def plan(self, card: ModelCard) -> Plan:
        """Return what loading a model would take, by the memory of half a second ago."""
        others = self._models.all(card.modality)
        made = plan(card, self._publisher.status.memory.snapshot, self._memory.places, others)
        if self._speeds is None:
            return made
        self._speeds.measure_soon()
        return self._speeds.added_to(made, card)

    def status(self) -> PoolStatus:
        """Return the latest snapshot; cheap."""
        return self._publisher.status

    def loaded(self, modality: Modality) -> tuple[ModelCard, Ready] | None:
        """Return the model in memory and what its engine said about itself; None while asleep.

        Of a modality whose default model lives with another: that one's, while its own is asleep.
        """
        worker = self._homes.worker(modality)
        return worker.loaded if worker is not None else None

    def close(self, timeout_s: float = 10.0) -> None:
        """Refuse what waits, cancel what runs, end every process and the loop."""
        with self._closing:
            if self._is_closed or not self._thread.is_alive():
                return
            self._is_closed = True
        done = asyncio.run_coroutine_threadsafe(self._close(timeout_s), self._loop)
        with contextlib.suppress(FutureTimeout):  # the loop is stuck, and has been told of
            done.result(timeout_s + 5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._sampler.close()
        if self._speeds is not None:
            self._speeds.close()

    def kill(self) -> None:
        """End every process at once, where `close` gives them time; while that goes on, or before."""
        with contextlib.suppress(RuntimeError):  # the loop has closed
            self._loop.call_soon_threadsafe(self._kill)

    # --- on the loop -----------------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _schedule(self, call: Callable[..., object], *args: object) -> None:
        with self._closing:
            if not self._is_closed:
                self._loop.call_soon_threadsafe(call, *args)
                return
        self._refuse(*args)

    @staticmethod
    def _refuse(*args: object) -> None:
        for pending in args:
            if isinstance(pending, PendingRequest):
                pending.fail(*STOPPING)

    def _submit(self, pending: PendingRequest) -> None:
        handle = self._handles.get(pending.card.modality)
        if handle is None:
            pending.fail("unknown_model", f"No worker is set up for {pending.card.modality}.")
        elif (err := self._guard.run("taking a request", handle.submit, pending)) is not None:
            handle.drop(pending)
            sentence = f"The request could not be taken: {in_words(err)}."
            pending.fail("pool_error", sentence, "The log says more.")

    def _cancel(self, request_id: str) -> None:
        for handle in self._handles.values():
            if handle.cancel(request_id):
                return

    def _warm(self, modalities: list[Modality]) -> None:
        new = (name for name in modalities if name in self._handles)
        self._to_warm += [name for name in new if name not in self._to_warm]
        self._num_estimating += 1
        cards = [self._models.default(name) for name in self._to_warm]
        self._world.aside("estimate", partial(self._work_out, cards), self._on_estimated)

    def _work_out(self, cards: list[ModelCard]) -> None:
        for card in cards:  # one that fails is refused when its turn comes
            self._guard.run("estimating a model", self._estimates.work_out, card)

    def _on_estimated(self, _: Exception | None) -> None:
        self._num_estimating -= 1
        self._warm_next()

    def _sleep(self, modality: Modality, only_idle: bool) -> None:
        if (worker := self._homes.worker(modality)) is not None:
            status = worker.status(0)
            if only_idle and (status.num_running or status.num_waiting):
                return
            meant = {modality, *self._homes.served_by(worker.modality)}
            self._to_warm = [name for name in self._to_warm if name not in meant]
            worker.sleep()

    def _warm_next(self) -> None:
        if (
            self._to_warm
            and not self._num_estimating
            and all(handle.is_settled for handle in self._handles.values())
        ):
            self._handles[self._homes.of(self._to_warm.pop(0))].wake()
            self._publisher.tell_all()

    def _tick(self) -> None:
        """Look after everything. Each step on its own: one that fails starves none of the others."""
        self._loop.call_later(TICK_S, self._tick)  # first of all
        for handle in self._handles.values():
            self._guard.run("looking after a worker", handle.tick, self._world.now)
        self._sampler.look(is_quiet=self._is_quiet)
        self._guard.run("warming", self._warm_next)

    @property
    def _is_quiet(self) -> bool:
        resting = all(handle.is_at_rest for handle in self._handles.values())
        return resting and not self._scheduler.has_line and not self._to_warm

    def _allow(self, budget: Budget) -> None:
        self._memory.tracker.budget = budget
        self._on_sample()

    def _on_sample(self) -> None:
        self._scheduler.on_sample(self._sampler.latest)
        self._publisher.tell_all()

    def _kill(self) -> None:
        for handle in self._handles.values():
            self._guard.run("killing a worker", handle.kill)

    async def _close(self, timeout_s: float) -> None:
        for handle in self._handles.values():
            self._guard.run("closing a worker", handle.close)
        give_up = self._world.now + timeout_s
        while any(handle.has_process for handle in self._handles.values()):
            if self._world.now > give_up:
                self._kill()
                log.error("some workers did not stop within %.0f s: killed", timeout_s)
                await asyncio.sleep(0.5)
                return
            await asyncio.sleep(0.01)
