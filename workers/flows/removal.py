"""Deleting with a way back: what is deleted goes off the list at once and from the disk a little later.

If the process ends in between nothing is deleted: the document is there at the next start.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass

from workers.client import Client
from workers.messages import DeleteCollection, DeleteDocument
from workers.messages.errors import AppError

log = logging.getLogger("quintet.removal")

UNDO_S = 10.0
"""How long it can be undone; page/design.md."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRemoval:
    """One document, or a whole collection, that is about to go."""

    key: int
    collection: str
    document_id: str | None
    """None: the whole collection."""
    name: str


class Removals:
    """Lives on the event loop of the server."""

    def __init__(self, client: Client, undo_s: float = UNDO_S) -> None:
        self._client = client
        self._undo_s = undo_s
        self._pending: dict[int, PendingRemoval] = {}
        self._waiting: dict[int, asyncio.Task[None]] = {}
        self._deletions: dict[int, asyncio.Task[None]] = {}
        self._first: dict[int, Callable[[], None]] = {}
        self._problems: dict[str, str] = {}
        self._keys = itertools.count(1)

    def begin(
        self,
        collection: str,
        document_id: str | None,
        name: str,
        first: Callable[[], None] = lambda: None,
    ) -> PendingRemoval:
        """Take it off the lists, and delete it unless that is undone in time.

        `first` is called when it really goes: to stop what still works on it.
        """
        removal = PendingRemoval(
            key=next(self._keys), collection=collection, document_id=document_id, name=name
        )
        self._problems.pop(collection, None)
        self._pending[removal.key] = removal
        self._first[removal.key] = first
        self._waiting[removal.key] = asyncio.create_task(self._later(removal))
        return removal

    def undo(self, key: int) -> bool:
        """Keep it after all; False if it is gone, or just being deleted."""
        task = self._waiting.pop(key, None)
        if task is None:
            return False
        task.cancel()
        self._first.pop(key)
        self._pending.pop(key)
        return True

    def pending(self) -> tuple[PendingRemoval, ...]:
        """Return what is about to go, oldest first."""
        return tuple(self._pending.values())

    def problem(self, collection: str) -> str:
        """Return why the last thing of a collection could not be deleted; "" if it could."""
        return self._problems.get(collection, "")

    def hides(self, collection: str, document_id: str | None = None) -> bool:
        """Whether a collection, or a document of it, is off the lists already."""
        return any(
            one.collection == collection and one.document_id in (None, document_id)
            for one in self._pending.values()
        )

    async def settle(self, collection: str) -> None:
        """Delete now what is about to go from a collection: a question must not find it."""
        for one in [one for one in self._pending.values() if one.collection == collection]:
            if (waiting := self._waiting.get(one.key)) is not None:
                waiting.cancel()
                self._start(one)
            if (deletion := self._deletions.get(one.key)) is not None:
                await asyncio.shield(deletion)

    async def _later(self, removal: PendingRemoval) -> None:
        await asyncio.sleep(self._undo_s)
        self._start(removal)

    def _start(self, removal: PendingRemoval) -> None:
        """Delete it, in a task of its own: who waits for that may leave."""
        del self._waiting[removal.key]
        self._deletions[removal.key] = asyncio.create_task(self._delete(removal))

    async def _delete(self, removal: PendingRemoval) -> None:
        request: DeleteCollection | DeleteDocument = DeleteCollection(collection=removal.collection)
        if removal.document_id is not None:
            request = DeleteDocument(collection=removal.collection, document_id=removal.document_id)
        try:
            self._first.pop(removal.key)()
            await self._client.arun(request)
        except Exception as err:  # it is on the lists again
            if not isinstance(err, AppError):
                log.exception("a deletion ended in an error that nobody foresaw")
            reason = str(err) or type(err).__name__
            self._problems[removal.collection] = f"{removal.name} is still there: {reason}"
        finally:
            self._pending.pop(removal.key, None)
            self._deletions.pop(removal.key, None)
