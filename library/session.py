"""`Quintet` and `AsyncQuintet`: the five modalities for people who script.

Both are the verbs of `library.calls`, run by `library.sync_async`; a session only owns the pool. Nothing
is started before the first call, and a worker only when it is first asked for something.
"""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from configs.catalogue import ModelCard, load_catalogue
from configs.settings import load_settings
from workers.assembly import build_pool
from workers.client import Client, Plan, PoolStatus
from workers.messages import Modality
from workers.messages.errors import PoolClosedError
from workers.models.manager import ModelManager
from workers.personas.kept import KeptRecords
from workers.personas.records import Persona
from workers.personas.store import PersonaStore
from workers.pool.pool import Pool

from . import calls, document_calls, file_calls, sync_async


class Session:
    """A pool of workers that starts when it is first needed and ends with `close` or the program.

    `profile` and `settings` are those of `configs/`: `Quintet(data_dir="index", workers={"text":
    {"model": "…"}})`. `cards` are models beyond the catalogue's, which settings may name too.
    """

    def __init__(
        self, profile: str = "cpu", cards: Sequence[ModelCard] = (), **settings: Any
    ) -> None:
        """Raises: ConfigError."""
        self.settings = load_settings(profile, {"log_level": "WARNING", **settings})
        self._cards = tuple(cards)
        self._started: tuple[Pool, Client] | None = None
        self._is_closed = False
        self._starting = threading.Lock()

    @property
    def client(self) -> Client:
        """The door to the pool, which is started now if it was not.

        Raises: PoolClosedError; UnknownModelError if the settings name a model that there is not.
        """
        with self._starting:
            if self._started is None:
                self._started = self._start()
            return self._started[1]

    def _start(self) -> tuple[Pool, Client]:
        if self._is_closed:
            raise PoolClosedError("This session is closed.", "Make a new one.")
        own = {card.id: card for card in self._cards}
        pool, client = build_pool(self.settings, {**load_catalogue(), **own})
        pool.start()
        atexit.register(pool.close)
        return pool, client

    def warm(self, *modalities: Modality) -> None:
        """Wake workers in the background, so that the first call need not wait for them."""
        self.client.warm(*modalities)

    def models(self, modality: Modality | None = None) -> tuple[ModelCard, ...]:
        """Return the models that can be asked for; the default of each modality comes first."""
        return self.client.models.all(modality)

    @property
    def manager(self) -> ModelManager:
        """What says how each model stands, and fetches, pauses, adds, uses and removes them."""
        return self.client.manager

    @property
    def personas(self) -> KeptRecords[Persona]:
        """Who can be asked as: what comes with Quintet, and everybody's on this machine."""
        return PersonaStore(self.settings.data_dir).of_machine().personas

    def plan(self, model: str) -> Plan:
        """Return what loading a model would take; as a string, a sentence with the numbers.

        Raises: UnknownModelError.
        """
        return self.client.plan(self.client.models.get(model))

    def pin(self, modality: Modality, *, is_pinned: bool = True) -> None:
        """Keep a worker in memory whatever comes, or no longer."""
        self.client.pin(modality, is_pinned=is_pinned)

    def status(self) -> PoolStatus:
        """Return who is awake, how much memory they take, and what waits."""
        return self.client.status()

    def _close(self) -> None:
        with self._starting:
            self._is_closed = True
            if self._started is not None:
                pool, _client = self._started
                pool.close()
                atexit.unregister(pool.close)


class Quintet(Session):
    """Text, speech in, speech out, vision and documents, from ordinary code.

    Use it as a context manager, or call `close`, to give the memory back early.
    """

    chat = sync_async.run(calls.chat)
    transcribe = sync_async.run(calls.transcribe)
    speak = sync_async.run(calls.speak)
    read = sync_async.run(calls.read)
    describe = sync_async.run(calls.describe)
    embed = sync_async.run(calls.embed)
    index = sync_async.run(document_calls.index)
    search = sync_async.run(document_calls.search)
    ask = sync_async.run(document_calls.ask)
    ask_files = sync_async.run(file_calls.ask_files)
    collections = sync_async.run(document_calls.collections)
    measure_collection = sync_async.run(document_calls.measure_collection)
    documents = sync_async.run(document_calls.documents)
    delete_document = sync_async.run(document_calls.delete_document)
    delete_collection = sync_async.run(document_calls.delete_collection)

    stream_chat = sync_async.stream(calls.chat)
    stream_transcript = sync_async.stream(calls.transcribe)
    stream_speech = sync_async.stream(calls.speak)
    stream_description = sync_async.stream(calls.describe)
    stream_answer = sync_async.stream(document_calls.ask)
    stream_file_answer = sync_async.stream(file_calls.ask_files)

    def close(self) -> None:
        """End every worker and give all memory back."""
        self._close()

    def __enter__(self) -> Quintet:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()


class AsyncQuintet(Session):
    """`Quintet` for event loops: the same verbs, awaited."""

    chat = sync_async.arun(calls.chat)
    transcribe = sync_async.arun(calls.transcribe)
    speak = sync_async.arun(calls.speak)
    read = sync_async.arun(calls.read)
    describe = sync_async.arun(calls.describe)
    embed = sync_async.arun(calls.embed)
    index = sync_async.arun(document_calls.index)
    search = sync_async.arun(document_calls.search)
    ask = sync_async.arun(document_calls.ask)
    ask_files = sync_async.arun(file_calls.ask_files)
    collections = sync_async.arun(document_calls.collections)
    measure_collection = sync_async.arun(document_calls.measure_collection)
    documents = sync_async.arun(document_calls.documents)
    delete_document = sync_async.arun(document_calls.delete_document)
    delete_collection = sync_async.arun(document_calls.delete_collection)

    stream_chat = sync_async.astream(calls.chat)
    stream_transcript = sync_async.astream(calls.transcribe)
    stream_speech = sync_async.astream(calls.speak)
    stream_description = sync_async.astream(calls.describe)
    stream_answer = sync_async.astream(document_calls.ask)
    stream_file_answer = sync_async.astream(file_calls.ask_files)

    async def close(self) -> None:
        """End every worker and give all memory back."""
        await asyncio.to_thread(self._close)

    async def __aenter__(self) -> AsyncQuintet:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        await self.close()
