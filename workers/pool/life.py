"""One process of a worker, from its birth to its exit: loading, ready, stopping, gone.

Knows nothing of who waits; tells its owner what happens, always on the pool's event loop.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from typing import Literal, Protocol

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
from workers.messages.process_spec import Birth

from .ending import Ending
from .watch import Watch
from .world import World

log = logging.getLogger("quintet.pool")

Phase = Literal["loading", "ready", "stopping", "failed"]


class Owner(Protocol):
    """Who hears what happens to a process."""

    def on_loading(self) -> None:
        """It has come further on its way into memory."""

    def on_ready(self) -> None:
        """The model is in memory; requests may be sent."""

    def on_load_failed(self, failure: LoadFailed) -> None:
        """The model could not be loaded; `on_exit` follows."""

    def on_event(self, event: Event) -> None:
        """It says something about a request."""

    def on_exit(self, ending: Ending) -> None:
        """The process has gone; nothing follows."""


class Life:
    """A spawned process, what it has said about itself, and whether it goes on."""

    def __init__(self, birth: Birth, world: World, owner: Owner) -> None:
        self.birth = birth
        self.phase: Phase = "loading"
        self.loading: Loading | None = Loading(what="starting")
        self.ready: Ready | None = None
        self.started = world.now
        self.was_at_work = False
        """Whether it was ever given a request."""
        self._world = world
        self._patience = world.patience
        self._owner = owner
        self._last_ping = 0.0
        self._num_running = 0
        self._given_up = ""
        """Why it was ended by us although it had work to do; "": it was not."""
        self._has_exited = False
        self._child = world.host.start(
            birth,
            lambda message: self._soon(self._on_message, message),
            lambda reason: self._soon(self._on_exit, reason),
        )
        self.pid = self._child.pid
        self._watch = Watch(
            world.patience, lambda: world.host.scales.vitals(self.pid), self.started
        )
        log.info("%s started (process %s)", birth.name, self.pid)

    # --- what the owner asks for -----------------------------------------------------------------

    def send(self, request: Request) -> None:
        """Give the process one request to work on."""
        self._child.send(request)
        self.was_at_work = True
        self._num_running += 1
        self._watch.note_progress(self._world.now)

    def control(self, message: object) -> None:
        """Tell the process something that it hears even while it works."""
        self._child.control(message)

    def stop(self) -> None:
        """Cancel what runs and end the process; it is killed if that takes too long."""
        if self.phase == "stopping":
            return
        self.phase = "stopping"
        self._child.shut_down()
        self._world.loop.call_later(self._patience.stop_grace_s, self.kill)

    def kill(self) -> None:
        """End the process at once."""
        if not self._has_exited:
            with contextlib.suppress(ValueError):  # it has gone, and the news is still on its way
                self._child.kill()

    def give_up(self, why: str) -> None:
        """End a process that does not go on; `why` is for people, after "ended after"."""
        if not self._given_up:
            self._given_up = f"ended after {why}"
            log.error("%s: %s", self.birth.name, self._given_up)
        self.kill()

    def look_after(self, now: float) -> None:
        """Ask for a sign of life; end what has given none, or come no further, for too long."""
        if self.phase == "stopping":
            return
        if now - self._last_ping >= self._patience.ping_every_s:
            self._last_ping = now
            self._child.control(Ping())
        is_loading = self.phase == "loading"
        why = self._watch.verdict(now, is_loading=is_loading, num_running=self._num_running)
        if why:
            self.give_up(why)

    # --- what the process says -------------------------------------------------------------------

    def _soon(self, call: Callable[..., object], *args: object) -> None:
        """Schedule on the loop, which may already be closed while the process still talks."""
        try:
            self._world.loop.call_soon_threadsafe(call, *args)
        except RuntimeError:
            log.debug("the pool's loop has closed")

    def _on_message(self, message: object) -> None:
        now = self._world.now
        self._watch.note_answer(now)
        self._watch.note_progress(message.progress_at if isinstance(message, Pong) else now)
        if isinstance(message, END_EVENTS):
            self._num_running -= 1
        if isinstance(message, Event):
            self._owner.on_event(message)
        elif isinstance(message, Loading):
            self.loading = message
            self._owner.on_loading()
        elif isinstance(message, Ready):
            self._on_ready(message)
        elif isinstance(message, LoadFailed):
            self._on_load_failed(message)

    def _on_ready(self, ready: Ready) -> None:
        self.ready = ready
        self.loading = None
        if self.phase == "loading":
            self.phase = "ready"
        log.info("%s ready in %.2f s", self.birth.name, ready.load_s)
        self._owner.on_ready()

    def _on_load_failed(self, failure: LoadFailed) -> None:
        name = self.birth.name
        log.error("%s: %s %s\n%s", name, failure.message, failure.hint, failure.traceback)
        self.phase = "failed"
        self._owner.on_load_failed(failure)

    def _on_exit(self, reason: str) -> None:
        self._has_exited = True
        is_hung = bool(self._given_up)
        self._owner.on_exit(Ending(reason=self._given_up or reason, is_hung=is_hung))
