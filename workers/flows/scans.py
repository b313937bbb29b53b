"""Scanned pages and pictures as documents: drawn by the rag worker, read by the vision worker, then indexed.

Every door that takes documents in comes through `ingest`. Only pages without a text of their own are
read; one that cannot be read costs that page, and is named with the reason.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path

from configs.catalogue import ModelCard
from workers.client import Client
from workers.media.scratch import scratch_folder
from workers.messages import (
    Describe,
    DocumentIndexed,
    Event,
    FindScans,
    Finished,
    Ingest,
    Media,
    PageRendered,
    PageText,
    Progress,
    Queued,
    RenderPage,
    Request,
    ScansFound,
)
from workers.messages.errors import AppError

from .page_text import SAMPLING, page_text, question_of, reader_of

MAX_PAGES = 300
"""Of one document: some 10 minutes on two cores."""
MAX_S = 3600.0
"""For the scanned pages of one document."""
PAGE_S = 300.0
"""For one page: OCR of a dense one takes 5 s, a model that looks at pictures a minute or two."""
_TOGETHER = 6
"""Pages that are drawn before they are read, so that two models that do not fit into memory together change
places less often."""
_HEAD_BYTES = 1024
_PICTURES = re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8|BM|II\*\x00|MM\x00\*|RIFF....WEBP", re.DOTALL)
_UNREAD = "OCR could not read {pages}: {reason}"
TOO_MANY = "only the first {most} scanned pages of a document are read by OCR. Split it."
TOO_LONG = "after {minutes:.0f} minutes OCR is ended. Split the document."


@dataclass(frozen=True, kw_only=True)
class ScansRead(Event):
    """What OCR has made of the scanned pages of one document."""

    texts: tuple[PageText, ...] = ()
    note: str = ""
    """Which pages could not be read, and why, as sentences; "": none."""
    is_stopped: bool = False


async def ingest(client: Client, request: Ingest) -> AsyncGenerator[Event, None]:
    """Yield the events of an Ingest; before them, how far OCR is with scanned pages.

    Each DocumentIndexed says which pages were read by OCR and which could not be. Raises: AppError.
    """
    texts: list[PageText] = []
    notes: list[str] = []
    for number, media in enumerate(request.documents):
        async with aclosing(read_scans(client, media, request, request.collection)) as events:
            async for event in events:
                if not isinstance(event, ScansRead):
                    yield event
                    continue
                if event.is_stopped:
                    yield Finished(request_id=request.request_id, reason="cancelled")
                    return
                texts += [replace(text, document=number) for text in event.texts]
                notes.append(event.note)
    async with aclosing(client.astream(replace(request, page_texts=tuple(texts)))) as events:
        left = deque(notes)
        async for event in events:
            if isinstance(event, DocumentIndexed) and (note := left.popleft() if left else ""):
                yield replace(event, reason=f"{event.reason} {note}".strip())
            else:
                yield event


async def read_scans(
    client: Client, media: Media, request: Request, collection: str | None = None
) -> AsyncGenerator[Event, None]:
    """Yield how far OCR is with the scanned pages of one document, and one ScansRead.

    The events carry the id of `request`. Nothing is raised about a page: its reason is in the note.
    Raises: AppError if the documents' worker cannot work.
    """
    reading = _Reading(client=client, request=request, media=media)
    if not await asyncio.to_thread(_may_have_scans, media):
        yield reading.result()
        return
    find = FindScans(document=media, collection=collection, deadline=request.deadline)
    async for event in reading.relayed(find):
        yield event
    found = next((one for one in reading.kept if isinstance(one, ScansFound)), None)
    if found is not None and found.pages and not reading.is_stopped:
        async for event in reading.run(found.pages):
            yield event
    yield reading.result()


def _may_have_scans(media: Media) -> bool:
    """Look at the first bytes: most files need no further question."""
    try:
        if media.data is not None:
            head = media.data[:_HEAD_BYTES]
        elif media.path is None:
            return False
        else:
            with open(media.path, "rb") as file:
                head = file.read(_HEAD_BYTES)
    except OSError:
        return False  # said when it is indexed
    return b"%PDF-" in head or _PICTURES.match(head) is not None


@dataclass(slots=True, kw_only=True)
class _Reading:
    """The scanned pages of one document on their way."""

    client: Client
    request: Request
    media: Media
    texts: list[PageText] = field(default_factory=list)
    failed: dict[str, list[int]] = field(default_factory=dict)
    """Pages by the reason why they could not be read."""
    kept: list[Event] = field(default_factory=list)
    """What the last request answered, without what says how far it is."""
    is_stopped: bool = False

    def result(self) -> ScansRead:
        sentences = [
            _UNREAD.format(pages=_pages(pages), reason=reason)
            for reason, pages in self.failed.items()
        ]
        return ScansRead(
            request_id=self.request.request_id,
            texts=tuple(self.texts),
            note=" ".join(sentences),
            is_stopped=self.is_stopped,
        )

    async def run(self, pages: Sequence[int]) -> AsyncGenerator[Event, None]:
        """Yield how far it is with the pages, in order."""
        if len(pages) > MAX_PAGES:
            self.failed[TOO_MANY.format(most=MAX_PAGES)] = list(pages[MAX_PAGES:])
            pages = pages[:MAX_PAGES]
        try:
            card = reader_of(self.client)
        except AppError as err:
            self.failed[str(err)] = list(pages)
            return
        until = time.monotonic() + MAX_S
        async with AsyncExitStack() as stack:
            await self._place(stack)
            for start in range(0, len(pages), _TOGETHER):
                few = pages[start : start + _TOGETHER]
                if time.monotonic() > until:
                    self.failed[TOO_LONG.format(minutes=MAX_S / 60)] = list(pages[start:])
                    return
                async for event in self._read_few(card, few, start, len(pages)):
                    yield event
                if self.is_stopped:
                    return
                if self._is_hopeless(few):
                    self.failed[next(iter(self.failed))] += pages[start + len(few) :]
                    return

    async def _place(self, stack: AsyncExitStack) -> None:
        """Put bytes into a file: they would cross to the worker once for each page."""
        if self.media.data is None:
            return
        folder = await asyncio.to_thread(stack.enter_context, scratch_folder("scans"))
        path = Path(folder) / "document"
        await asyncio.to_thread(path.write_bytes, self.media.data)
        self.media = Media(name=self.media.name, path=str(path))

    async def _read_few(
        self, card: ModelCard, pages: Sequence[int], done: int, total: int
    ) -> AsyncGenerator[Event, None]:
        drawn: dict[int, bytes] = {}
        async for event in self._draw(pages, drawn):
            yield event
        for number, page in enumerate(pages, start=done):
            if self.is_stopped:
                return
            yield self._far(number, total, page)
            if page not in drawn:
                continue
            async for event in self._tried(page, self._describe(card, page, drawn[page])):
                yield event
            if self._is_read(page):
                self.texts.append(page_text(page, self.kept))
        yield self._far(done + len(pages), total, pages[-1])

    async def _draw(
        self, pages: Sequence[int], drawn: dict[int, bytes]
    ) -> AsyncGenerator[Event, None]:
        """Fill in the pages as PNG, those that can be drawn."""
        for page in pages:
            render = RenderPage(document=self.media, page=page, deadline=self.request.deadline)
            async for event in self._tried(page, render):
                yield event
            if self.is_stopped:
                return
            pictures = [one.picture for one in self.kept if isinstance(one, PageRendered)]
            drawn.update(zip([page], pictures, strict=False))

    def _far(self, done: int, total: int, page: int) -> Progress:
        return Progress(
            request_id=self.request.request_id,
            done=done,
            total=total,
            unit="scans",
            what=f"page {page} of {self.media.name} is read by OCR",
        )

    def _describe(self, card: ModelCard, page: int, picture: bytes) -> Describe:
        until = time.monotonic() + PAGE_S
        return Describe(
            images=(Media(name=f"page {page} of {self.media.name}", data=picture),),
            messages=question_of(card),
            sampling=SAMPLING,
            model=card.id,
            deadline=min(until, self.request.deadline or until),
        )

    async def _tried(self, page: int, request: Request) -> AsyncGenerator[Event, None]:
        """Relay a request about one page; what goes wrong is noted for it."""
        try:
            async for event in self.relayed(request):
                yield event
        except AppError as err:
            self.kept = []
            self.failed.setdefault(str(err), []).append(page)

    async def relayed(self, request: Request) -> AsyncGenerator[Event, None]:
        """Yield what a request waits for, and keep what it answers. Raises: AppError."""
        self.kept = []
        async with aclosing(self.client.astream(request)) as events:
            async for event in events:
                if isinstance(event, Queued):
                    yield replace(event, request_id=self.request.request_id)
                elif isinstance(event, Finished) and event.reason == "cancelled":
                    self.is_stopped = True
                elif not isinstance(event, Progress):
                    self.kept.append(event)

    def _is_read(self, page: int) -> bool:
        return not self.is_stopped and page not in self._failed_pages()

    def _failed_pages(self) -> set[int]:
        return {page for pages in self.failed.values() for page in pages}

    def _is_hopeless(self, pages: Sequence[int]) -> bool:
        """Whether nothing was read yet, all for one reason: it will not be another for the rest."""
        return not self.texts and len(self.failed) == 1 and set(pages) <= self._failed_pages()


def _pages(pages: Sequence[int]) -> str:
    some = ", ".join(map(str, pages[:8])) + (", …" if len(pages) > 8 else "")
    return f"page {some}" if len(pages) == 1 else f"{len(pages)} pages ({some})"
