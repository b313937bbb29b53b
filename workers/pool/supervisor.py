"""The one process that a worker may have: which model it holds, and what became of each model.

Starts it, starts it again when it has died, and leaves a model alone that keeps dying. Failures and
deaths belong to a model: one that cannot be had does not keep the worker from another. Knows nothing
of requests.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Literal, Protocol

from configs.catalogue import ModelCard
from workers.messages import Event, Finished, LoadFailed, Loading, Ready
from workers.pool.memory.machine import CPU
from workers.pool.memory.placement import Placement

from .ending import Ending
from .pending import PendingRequest
from .process import Listener, WorkerProcess
from .restarts import Restarts
from .world import World

log = logging.getLogger("quintet.pool")

Phase = Literal["asleep", "loading", "ready", "stopping", "failed"]


class Owner(Listener, Protocol):
    """Who puts the process to work. It hears of failures too where there is no process."""

    def on_restart(self) -> None:
        """Nobody asked for that, and the pause is over: it may come again."""


class Supervisor:
    """At most one process, with one model."""

    def __init__(self, card: ModelCard, world: World, owner: Owner) -> None:
        self.card = card
        """The model that is loaded, being loaded, or that was so last."""
        self.process: WorkerProcess | None = None
        self.placement: Placement | None = None
        """What the memory manager granted, now or last."""
        self.failure: LoadFailed | None = None
        """Why `card` could not be had."""
        self._world = world
        self._owner = owner
        self.on_loading = owner.on_loading
        self.on_event = owner.on_event
        self._deaths: dict[str, Restarts] = {}
        self._restart: asyncio.TimerHandle | None = None
        self._restarting = Loading(what="restarting")

    # --- what may be asked of it -----------------------------------------------------------------

    def start(self, card: ModelCard, placement: Placement) -> None:
        """Start a process for a model where there is none; what was to come again does not."""
        self.forget_restart()
        self.card, self.placement = card, placement
        self.failure = self.given_up(card)
        if self.failure is not None:
            self._owner.on_load_failed(self.failure)
            return
        self.process = WorkerProcess(card, placement, self._world, self)

    def stop(self) -> None:
        """End the process; what it works on is cancelled."""
        if self.process is not None:
            self.process.stop()

    def kill(self) -> None:
        """End the process at once."""
        if self.process is not None:
            self.process.kill()

    def look_after(self, now: float) -> None:
        """See whether the process goes on."""
        if self.process is not None:
            self.process.look_after(now)

    def give_up(self, card: ModelCard, failure: LoadFailed) -> None:
        """Remember why a model was not even started; what was to come again does not."""
        self.forget_restart()
        self.card = card
        self.on_load_failed(failure)

    def note_served(self, pending: PendingRequest, end: Event, *, is_alone: bool) -> None:
        """Let its speed be remembered; beside others a request is slower than the model is."""
        if is_alone and isinstance(end, Finished) and self.placement is not None:
            served = (pending.card, self.placement, pending.request, end)
            self._world.guard.run("noting a speed", self._world.note_speed, *served)

    def forget_restart(self) -> None:
        """Do not start again a process that has died."""
        if self._restart is not None:
            self._restart.cancel()
            self._restart = None

    def given_up(self, card: ModelCard) -> LoadFailed | None:
        """Why a model is left alone for a while; None if it may be started."""
        restarts = self._deaths.get(card.id)
        if restarts is None or not restarts.is_exhausted(self._world.now):
            return None
        num_deaths, window_s = len(restarts.deaths), restarts.window_s
        return LoadFailed(
            code="worker_died",
            message=f"{card.name} died {num_deaths} times within {window_s:.0f} s: "
            f"{restarts.reason}.",
            hint="The log says more; try again in a minute.",
        )

    # --- what may be known -----------------------------------------------------------------------

    @property
    def phase(self) -> Phase:
        """Where the process is on its way."""
        if self.process is not None:
            return self.process.phase
        if self.will_restart:
            return "loading"
        return "failed" if self.failure is not None else "asleep"

    @property
    def device(self) -> str:
        """Where its weights are, or were last."""
        return self.placement.device if self.placement is not None else CPU

    @property
    def has_process(self) -> bool:
        """Whether a process exists, whatever its phase."""
        return self.process is not None

    @property
    def will_restart(self) -> bool:
        """Whether the process has died and its successor comes after a pause."""
        return self._restart is not None

    @property
    def loading(self) -> Loading | None:
        """How far the model is on its way into memory."""
        if self.process is not None:
            return self.process.loading
        return self._restarting if self.will_restart else None

    @property
    def ready(self) -> Ready | None:
        """What the loaded engine said about itself."""
        return self.process.ready if self.process is not None else None

    @property
    def num_deaths(self) -> int:
        """How often a process has died unasked, whatever its model."""
        return sum(restarts.num_deaths for restarts in self._deaths.values())

    # --- what the process says (`workers.pool.process.Listener`) --------------------------------------------

    def on_ready(self) -> None:
        """Pass it on."""
        if (restarts := self._deaths.get(self.card.id)) is not None:
            restarts.num_stuck_loads = 0
        self._owner.on_ready()

    def on_load_failed(self, failure: LoadFailed) -> None:
        """Remember why."""
        self.failure = failure
        self._owner.on_load_failed(failure)

    def on_exit(self, ending: Ending) -> None:
        """See whether it died."""
        phase = self.phase
        was_at_work = self.process is not None and self.process.was_at_work
        self.process = None
        if phase in ("loading", "ready"):
            is_stuck = ending.is_hung and phase == "loading"
            died = partial(self._on_death, ending, is_stuck=is_stuck, was_at_work=was_at_work)
            self._world.guard.run("a death", died)
        self._owner.on_exit(ending)

    def _on_death(self, ending: Ending, *, is_stuck: bool, was_at_work: bool) -> None:
        """Start it again after a pause, or leave it alone; `is_stuck`: it hung while it was loaded."""
        reason = ending.reason
        log.error("%s died: %s", self.card.id, reason)
        restarts = self._deaths.setdefault(self.card.id, self._world.limits.restarts())
        restarts.record_death(self._world.now, reason, was_at_work=was_at_work)
        failure = self.given_up(self.card)
        if failure is None and is_stuck and restarts.record_stuck_load():
            failure = self._stuck(reason)
        if failure is not None:
            self.on_load_failed(failure)
            return
        self._restarting = Loading(what=f"restarting, was {reason}")
        self._restart = self._world.loop.call_later(restarts.next_pause_s(), self._start_again)

    def _stuck(self, reason: str) -> LoadFailed:
        return LoadFailed(
            code="worker_hung",
            message=f"{self.card.name} hung while it was loaded, as often as it was tried: {reason}.",
            hint="The log says more; the next request tries again.",
        )

    def _start_again(self) -> None:
        self._restart = None
        self._owner.on_restart()
