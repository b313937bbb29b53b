"""Documents on their way into a collection: read on the server, whoever looks, and found again.

A page that closes takes nothing with it: what was uploaded is read to its end, and what was refused
stays on the list with its reason until somebody takes it off.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Literal

from workers.client import Client, StopSwitch
from workers.messages import DocumentIndexed, Event, Finished, Ingest, Media, Progress
from workers.messages.errors import AppError

from .scans import ingest

log = logging.getLogger("quintet.intake")

IncomingState = Literal["waiting", "reading", "added", "unchanged", "failed"]
MAX_OVER = 200
"""Files that are through and stay on the list of one process; the oldest leave first."""
UNFORESEEN = "Something unexpected happened: {error}"


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingFile:
    """One file, from the upload to its end."""

    key: int
    collection: str
    name: str
    state: IncomingState = "waiting"
    done: float = 0.0
    total: float = 0.0
    unit: str = ""
    """Of `done` and `total`: "scans" while OCR reads its pages, "pages" while it is read, "chunks" while it is
    embedded."""
    begun_s: float = 0.0
    """`time.monotonic()` when this unit began."""
    document_id: str = ""
    reason: str = ""
    """Why it failed, or what there is to know about it; one sentence for people."""

    @property
    def is_under_way(self) -> bool:
        """Whether it is still to be read."""
        return self.state in ("waiting", "reading")

    def left_s(self, now_s: float) -> float | None:
        """Return about how many seconds this unit still takes; None as long as nobody can know."""
        spent_s = now_s - self.begun_s
        if self.state != "reading" or self.done <= 0 or spent_s < 1:
            return None
        return spent_s * (self.total - self.done) / self.done


class DocumentIntake:
    """Lives on the event loop of the server."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._files: dict[int, IncomingFile] = {}
        self._switches: dict[int, StopSwitch] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._keys = itertools.count(1)

    def add(self, collection: str, documents: Sequence[Media]) -> None:
        """Begin to read files, one after the other, in a task of their own."""
        media = {next(self._keys): one for one in documents}
        for key, one in media.items():
            name = PurePath(one.name).name
            self._files[key] = IncomingFile(key=key, collection=collection, name=name)
        task = asyncio.create_task(self._run(media))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def files(self, collection: str) -> tuple[IncomingFile, ...]:
        """Return the files of a collection that are under way or whose end is worth a word."""
        return tuple(one for one in self._files.values() if one.collection == collection)

    def under_way(self, collection: str) -> tuple[IncomingFile, ...]:
        """Return the files of a collection that are still to be read."""
        return tuple(one for one in self.files(collection) if one.is_under_way)

    def drop(self, key: int) -> None:
        """Stop a file that is under way, and take it off the list."""
        self._files.pop(key, None)
        if (switch := self._switches.get(key)) is not None:
            switch.press()

    def forget(self, collection: str) -> None:
        """Stop and take off all files of a collection, which is going."""
        for one in self.files(collection):
            self.drop(one.key)

    async def _run(self, media: dict[int, Media]) -> None:
        for key, one in media.items():
            if key not in self._files:  # taken off while it waited
                continue
            try:
                await self._read(key, one)
            except AppError as err:
                self._change(key, state="failed", reason=str(err))
            except Exception as err:
                log.exception("a document could not be read for a reason that nobody foresaw")
                error = str(err) or type(err).__name__
                self._change(key, state="failed", reason=UNFORESEEN.format(error=error))
            finally:
                self._switches.pop(key, None)
        self._tidy()

    async def _read(self, key: int, media: Media) -> None:
        request = Ingest(collection=self._files[key].collection, documents=(media,))
        switch = self._switches[key] = StopSwitch()
        self._change(key, state="reading", begun_s=time.monotonic())
        async with aclosing(ingest(self._client.stopped_by(switch), request)) as events:
            async for event in events:
                self._see(key, event)

    def _see(self, key: int, event: Event) -> None:
        file = self._files.get(key)
        if file is None:
            return
        if isinstance(event, Progress):
            began_s = file.begun_s if event.unit == file.unit else time.monotonic()
            self._change(key, done=event.done, total=event.total, unit=event.unit, begun_s=began_s)
        elif isinstance(event, DocumentIndexed):
            document_id, reason = event.document.document_id, event.reason
            self._change(key, state=event.status, document_id=document_id, reason=reason)
        elif isinstance(event, Finished) and event.reason == "cancelled":
            self._files.pop(key, None)

    def _change(self, key: int, **changes: object) -> None:
        if key in self._files:
            self._files[key] = replace(self._files[key], **changes)  # type: ignore[arg-type]

    def _tidy(self) -> None:
        """A file that is in without a word about it has its place among the documents."""
        over = [one for one in self._files.values() if not one.is_under_way]
        silent = [one for one in over if one.state == "added" and not one.reason]
        kept = [one for one in over if one not in silent]
        for one in [*silent, *kept[: max(0, len(kept) - MAX_OVER)]]:
            del self._files[one.key]
