"""One process of a worker, from its start to its exit: loading, ready, stopping, gone.

Knows nothing of who waits; tells its listener what happens, always on the pool's event loop.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from functools import partial
from typing import Literal, Protocol

from configs.catalogue import ModelCard
from workers.messages import (
    END_EVENTS,
    Event,
    LoadFailed,
    Loading,
    Ping,
    Pong,
    Ready,
    Request,
)
from workers.messages.errors import AppError
from workers.messages.process_spec import ProcessSpec
from workers.pool.memory.placement import Placement

from .ending import Ending
from .guard import in_words
from .host import Hold
from .inbox import Inbox
from .watch import Watch
from .world import World

log = logging.getLogger("quintet.pool")

Phase = Literal["loading", "ready", "stopping", "failed"]


class Listener(Protocol):
    """Who hears what happens to a process."""

    def on_loading(self) -> None:
        """It has come further on its way into memory."""

    def on_ready(self) -> None:
        """The model is in memory; requests may be sent."""

    def on_load_failed(self, failure: LoadFailed) -> None:
        """The model could not be loaded; if there is a process, `on_exit` follows."""

    def on_event(self, event: Event) -> None:
        """It says something about a request."""

    def on_exit(self, ending: Ending) -> None:
        """The process has gone; nothing follows."""


class WorkerProcess:
    """A spawned process, what it has said about itself, and whether it goes on."""

    def __init__(
        self, card: ModelCard, placement: Placement, world: World, listener: Listener
    ) -> None:
        """It is started in a thread: reading what it needs and starting a program may take long."""
        self.card = card
        self.spec: ProcessSpec | None = None
        """What it was told; None until it has started."""
        self.pid: int | None = None
        self.phase: Phase = "loading"
        self.loading: Loading | None = Loading(what="starting")
        self.ready: Ready | None = None
        self.started = world.now
        self.was_at_work = False
        """Whether it was ever given a request."""
        self._world = world
        self._listener = listener
        self._child: Hold | None = None
        self._inbox = Inbox(world.loop, self._hear)
        self._early: list[Callable[[], None]] | None = []
        """What it said before this side knew that it has started."""
        self._last_ping = 0.0
        self._num_running = 0
        self._given_up = ""
        """Why it was ended by us although it had work to do; "": it was not."""
        self._is_unwanted = self._has_exited = False
        self._watch = Watch(world.limits, lambda: world.read_vitals(self.pid), self.started)
        start = partial(self._start, placement)
        world.aside(f"{card.modality}-start", start, self._on_started)

    @property
    def threads(self) -> int:
        """How many its engine may use; 0 until it has started."""
        return self.spec.settings.threads if self.spec is not None else 0

    # --- what its worker asks for -----------------------------------------------------------------

    def send(self, request: Request) -> None:
        """Give the process, which is ready, one request to work on."""
        if self._child is None:
            raise RuntimeError("it has not started")
        self._child.send(request)
        self.was_at_work = True
        self._num_running += 1
        self._watch.note_progress(self._world.now)

    def control(self, message: object) -> None:
        """Tell the process something that it hears even while it works."""
        if self._child is not None:
            self._child.control(message)

    def stop(self) -> None:
        """Cancel what runs and end the process; it is killed if that takes too long."""
        if self.phase == "stopping":
            return
        self.phase = "stopping"
        if self._child is None:
            self.kill()
            return
        self._child.shut_down()
        self._world.loop.call_later(self._world.limits.stop_grace_s, self.kill)

    def kill(self) -> None:
        """End the process at once; one that has not started yet counts as gone, and will not stay."""
        if self._has_exited:
            return
        self._is_unwanted = True
        if self._child is None:
            self._world.loop.call_soon(self._on_exit, "never started")
            return
        with contextlib.suppress(ValueError):  # it has gone, and the news is still on its way
            self._child.kill()

    def give_up(self, why: str) -> None:
        """End a process that does not go on; `why` is for people, after "ended after"."""
        if not self._given_up:
            self._given_up = f"ended after {why}"
            log.error("%s: %s", self.card.modality, self._given_up)
        self.kill()

    def look_after(self, now: float) -> None:
        """Ask for a sign of life; end what has given none, or come no further, for too long."""
        if self.phase == "stopping":
            return
        if now - self._last_ping >= self._world.limits.ping_every_s:
            self._last_ping = now
            self.control(Ping())
        is_loading = self.phase == "loading"
        why = self._watch.hang_reason(now, is_loading=is_loading, num_running=self._num_running)
        if why:
            self.give_up(why)

    # --- its start --------------------------------------------------------------------------------

    def _start(self, placement: Placement) -> None:
        """In a thread of its own. Raises: whatever keeps it from being started."""
        spec = self._world.spec_of(self.card, placement)
        if self._must_go():
            return
        self.spec = spec
        self._child = child = self._world.host.start(
            spec,
            lambda message: self._inbox.put(partial(self._on_message, message)),
            lambda reason: self._inbox.put(partial(self._on_exit, reason)),
        )
        if self._must_go():  # since a moment ago
            child.kill()

    def _must_go(self) -> bool:
        return self._is_unwanted

    def _on_started(self, err: Exception | None) -> None:
        if err is not None:
            try:
                if self.phase == "loading":
                    self._on_load_failed(self._not_started(err))
            finally:
                self._on_exit("never started")
        elif self._child is not None:
            self.pid = self._child.pid
            log.info("%s started (process %s)", self.card.modality, self.pid)
            early, self._early = self._early or [], None
            for heard in early:
                heard()

    def _not_started(self, err: Exception) -> LoadFailed:
        if isinstance(err, AppError):
            return LoadFailed(code=err.code, message=err.message, hint=err.hint)
        self._world.guard.tell("starting a process", err)
        sentence = f"{self.card.name} could not be started: {in_words(err)}."
        return LoadFailed(code="load_failed", message=sentence)

    # --- what the process says -------------------------------------------------------------------

    def _hear(self, heard: Callable[[], None]) -> None:
        if self._early is not None:
            self._early.append(heard)
        else:
            heard()

    def _on_message(self, message: object) -> None:
        if self._has_exited:
            return
        now = self._world.now
        self._watch.note_answer(now)
        self._watch.note_progress(message.progress_at if isinstance(message, Pong) else now)
        if isinstance(message, END_EVENTS):
            self._num_running -= 1
        if isinstance(message, Event):
            self._listener.on_event(message)
        elif isinstance(message, Loading):
            self.loading = message
            self._listener.on_loading()
        elif isinstance(message, Ready):
            self._on_ready(message)
        elif isinstance(message, LoadFailed):
            self._on_load_failed(message)

    def _on_ready(self, ready: Ready) -> None:
        self.ready = ready
        self.loading = None
        if self.phase == "loading":
            self.phase = "ready"
        log.info("%s ready in %.2f s", self.card.modality, ready.load_s)
        self._listener.on_ready()

    def _on_load_failed(self, failure: LoadFailed) -> None:
        name = self.card.modality
        log.error("%s: %s %s\n%s", name, failure.message, failure.hint, failure.traceback)
        self.phase = "failed"
        self._listener.on_load_failed(failure)

    def _on_exit(self, reason: str) -> None:
        if self._has_exited:
            return
        self._has_exited = True
        is_hung = bool(self._given_up)
        self._listener.on_exit(Ending(reason=self._given_up or reason, is_hung=is_hung))
