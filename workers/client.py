"""The only door to the pool: submit a request, read its events, stop it by walking away.

`stream` for threads and `astream` for event loops are the same thing on two kinds of queue. Closing
either (break, `close`, a cancelled task) cancels the request in the worker.
"""

from __future__ import annotations

import asyncio
import queue
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, closing
from copy import copy

from configs.catalogue import ModelCard

from .messages import END_EVENTS, Event, Failed, Finished, Modality, Ready, Request, modality_of
from .messages.deadline import with_deadline
from .messages.errors import AppError, ContextTooLongError, UnknownModelError, from_code
from .models.lookup import Models
from .models.manager import ModelManager
from .models.setup.running import ModelSetup
from .pool.memory.machine import CPU as CPU
from .pool.memory.machine import DeviceMemory as DeviceMemory
from .pool.memory.memory_estimate import MemoryEstimate as MemoryEstimate
from .pool.memory.offer import context_offer
from .pool.memory.plan import Plan as Plan
from .pool.memory.tracker import Allocation as Allocation
from .pool.memory.tracker import Budget as Budget
from .pool.pool import Pool
from .pool.status import PoolStatus as PoolStatus
from .pool.status import WorkerStatus as WorkerStatus
from .pool.stop_switch import StopSwitch as StopSwitch

__all__ = [
    "CPU",
    "Allocation",
    "Budget",
    "Client",
    "DeviceMemory",
    "MemoryEstimate",
    "Plan",
    "PoolStatus",
    "StopSwitch",
    "WorkerStatus",
]


class Client:
    """What the page, the HTTP interface and scripts use."""

    def __init__(
        self,
        pool: Pool,
        models: Models,
        deadline: float | None = None,
        manager: ModelManager | None = None,
        setup: ModelSetup | None = None,
    ) -> None:
        """`deadline`: `time.monotonic()` after which no answer is wanted any more."""
        self._pool = pool
        self._models = models
        self._deadline = deadline
        self._manager = manager
        self._setup = setup
        self._stop = StopSwitch()

    def until(self, deadline: float | None) -> Client:
        """Return the same door for one question that has a deadline: see `workers.messages.deadline`."""
        if deadline is None:
            return self
        client = copy(self)
        client._deadline = deadline
        return client

    def stopped_by(self, switch: StopSwitch) -> Client:
        """Return the same door for a chain of requests that one switch stops.

        Each request under way then ends with Finished(reason="cancelled"); later ones do at once.
        """
        client = copy(self)
        client._stop = switch
        return client

    def stream(self, request: Request) -> Generator[Event, None, None]:
        """Yield the request's events, the last being Finished.

        Raises: UnknownModelError at once; AppError of the class that a Failed event names.
        """
        request = with_deadline(request, self._deadline)
        inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
        card = self._card_for(request)
        if not self._is_loaded(card):
            self._pool.prepare(card)
        if self._stop.is_pressed:
            yield Finished(request_id=request.request_id, reason="cancelled")
            return
        self._pool.submit(request, card, inbox.put)
        self._stop.watch(request.request_id, self._pool.cancel)
        has_ended = False
        try:
            while not has_ended:
                event = inbox.get()
                has_ended = isinstance(event, END_EVENTS)
                if isinstance(event, Failed):
                    raise self._error_of(event, card)
                yield event
        finally:
            self._stop.forget(request.request_id)
            if not has_ended:
                self._pool.cancel(request.request_id)

    async def astream(self, request: Request) -> AsyncGenerator[Event, None]:
        """Yield the request's events on an event loop; the same contract as `stream`."""
        request = with_deadline(request, self._deadline)
        loop = asyncio.get_running_loop()
        inbox: asyncio.Queue[Event] = asyncio.Queue()

        def deliver(event: Event) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(inbox.put_nowait, event)

        if request.model is None or self._models.knows(request.model):
            card = self._card_for(request)
        else:  # the disk is asked
            card = await asyncio.to_thread(self._card_for, request)
        if not self._is_loaded(card):
            await asyncio.to_thread(self._pool.prepare, card)
        if self._stop.is_pressed:
            yield Finished(request_id=request.request_id, reason="cancelled")
            return
        self._pool.submit(request, card, deliver)
        self._stop.watch(request.request_id, self._pool.cancel)
        has_ended = False
        try:
            while not has_ended:
                event = await inbox.get()
                has_ended = isinstance(event, END_EVENTS)
                if isinstance(event, Failed):
                    raise await asyncio.to_thread(self._error_of, event, card)
                yield event
        finally:
            self._stop.forget(request.request_id)
            if not has_ended:
                self._pool.cancel(request.request_id)

    def run(self, request: Request) -> tuple[Event, ...]:
        """Return all events of a request. Raises: AppError."""
        with closing(self.stream(request)) as events:
            return tuple(events)

    async def arun(self, request: Request) -> tuple[Event, ...]:
        """Return all events of a request. Raises: AppError."""
        async with aclosing(self.astream(request)) as events:
            return tuple([event async for event in events])

    def cancel(self, request_id: str) -> None:
        """Stop a request by its id; its stream ends with Finished(reason="cancelled")."""
        self._pool.cancel(request_id)

    def status(self) -> PoolStatus:
        """Return who is awake, on what, how much memory, and what waits."""
        return self._pool.status()

    def ready(self, modality: Modality, model: str | None = None) -> Ready | None:
        """Return what a model's engine can do (None: the default's); None while it is not loaded."""
        wanted = model or self.card(modality).id
        # A model that sees lives with text, one that only sees may be loaded beside it.
        for name in (modality, "text") if modality == "vision" else (modality,):
            loaded = self._pool.loaded(name)
            if loaded is not None and loaded[0].id == wanted:
                return loaded[1]
        return None

    @property
    def models(self) -> Models:
        """Every model that can be asked for, and the default of each modality."""
        return self._models

    @property
    def manager(self) -> ModelManager:
        """What is asked for the state of models, and to fetch, add, use and remove them.

        Raises: RuntimeError if this client was made without one, as for a pool in a test.
        """
        if self._manager is None:
            raise RuntimeError("This client was made without a manager of models.")
        return self._manager

    @property
    def setup(self) -> ModelSetup:
        """The set of models for this machine.

        Raises: RuntimeError for a client that was made without one.
        """
        if self._setup is None:
            raise RuntimeError("This client was made without a set of models.")
        return self._setup

    def card(self, modality: Modality) -> ModelCard:
        """Return the card of the model that requests of this modality use by default."""
        return self._models.default(modality)

    def loaded(self, modality: Modality) -> ModelCard | None:
        """Return the card of the model that is in memory now."""
        loaded = self._pool.loaded(modality)
        return loaded[0] if loaded is not None else None

    def warm(self, *modalities: Modality) -> None:
        """Wake workers with their default models in the background, one after the other."""
        self._pool.warm(modalities)

    def sleep(self, modality: Modality, *, only_idle: bool = False) -> None:
        """Put a worker to sleep now, what runs there is cancelled; `only_idle`: unless it has work."""
        self._pool.sleep(modality, only_idle=only_idle)

    def plan(self, card: ModelCard) -> Plan:
        """Return what loading a model would take: who would be put to sleep, or why it cannot be."""
        return self._pool.plan(card)

    def allow(self, budget: Budget) -> None:
        """Change how much memory may be taken."""
        self._pool.allow(budget)

    def pin(self, modality: Modality, *, is_pinned: bool = True) -> None:
        """Keep a worker in memory whatever comes, or no longer."""
        self._pool.pin(modality, is_pinned=is_pinned)

    def _is_loaded(self, card: ModelCard) -> bool:
        return self.loaded(card.modality) == card

    def _error_of(self, event: Failed, card: ModelCard) -> AppError:
        """Return the error of the class that the event names; of a prompt too long, with what there is for it."""
        error = from_code(event.code, event.message, event.hint)
        if isinstance(error, ContextTooLongError) and event.num_tokens:
            error.num_tokens = event.num_tokens
            error.offer = context_offer(card, event.num_tokens, self._pool.plan)
            if error.offer is not None:
                error.hint = f"{error.hint} {error.offer.hint}".strip()
        return error

    def _card_for(self, request: Request) -> ModelCard:
        """Return the card of the model that must answer.

        Raises: UnknownModelError; NotFetchedError.
        """
        modality = modality_of(request)
        if modality is None:
            raise UnknownModelError(f"No worker knows {type(request).__name__} requests.")
        return self._models.available(request.model, modality)
