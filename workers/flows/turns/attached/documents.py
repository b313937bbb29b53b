"""Attached documents: the text of short ones, a collection of its own to be searched for each long one."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from workers.chats.files import AttachedFiles
from workers.client import Client
from workers.flows.scans import ScansRead, read_scans
from workers.messages import (
    Collections,
    DeleteCollection,
    DocumentIndexed,
    DocumentRead,
    Event,
    Ingest,
    ListCollections,
    Media,
    PageText,
    ReadDocument,
    Request,
    new_request_id,
)
from workers.messages.errors import UnsupportedInputError

from .reading import FileReading, relayed, was_stopped

MAX_WHOLE_CHARS = 18_000
"""Some eight pages, 6,000 tokens. A CPU reads 50 to 100 of them in a second: a longer text would be
waited for some minutes with each new chat, and a small model loses the thread in it."""


async def read_document(
    client: Client, files: AttachedFiles, reading: FileReading
) -> AsyncGenerator[Event, None]:
    """Yield how far it is; the reading then has the text, or the beginning of a long one. Raises: AppError."""
    kept = files.reading(reading.file.id)
    if "text" not in kept:
        request = ReadDocument(document=reading.media(files), max_chars=MAX_WHOLE_CHARS)
        scans: list[ScansRead] = []
        async for event in _scans(client, files, reading, request, scans):
            yield event
        if reading.is_stopped:
            return
        request = replace(request, page_texts=scans[0].texts)
        events: list[Event] = []
        try:
            async for event in relayed(client, request, events):
                yield event
        except UnsupportedInputError as err:
            raise UnsupportedInputError(f"{err.message} {scans[0].note}".strip(), err.hint) from err
        read = next((event for event in events if isinstance(event, DocumentRead)), None)
        if read is None or was_stopped(events):
            reading.is_stopped = True
            return
        note = f"{read.note} {scans[0].note}".strip()
        kept = {"text": read.text, "is_cut": read.is_cut, "note": note, **_as_kept(scans[0])}
        if scans[0].texts or not scans[0].note:  # else the next question tries again
            files.keep_reading(reading.file.id, kept)
    reading.text, reading.note = str(kept["text"]), str(kept.get("note", ""))
    reading.is_long = bool(kept.get("is_cut"))
    reading.read_as = "read whole"


async def index_file(
    client: Client, files: AttachedFiles, reading: FileReading
) -> AsyncGenerator[Event, None]:
    """Yield how far a long file is on its way into its collection; one that is there stays. Raises: AppError."""
    spoken = reading.file.kind == "audio"
    name = reading.file.name
    media = Media(name=name, data=reading.text.encode()) if spoken else reading.media(files)
    collection = files.collection(reading.file.id)
    request = Ingest(collection=collection, documents=(media,))
    events: list[Event] = []
    scans: list[ScansRead] = []
    if not spoken:
        async for event in _scans(client, files, reading, request, scans):
            yield event
        if reading.is_stopped:
            return
        request = replace(request, page_texts=scans[0].texts)
    try:
        async for event in relayed(client, request, events):
            yield event
    except UnsupportedInputError:  # of the collection: another embedding model wrote it
        await client.arun(DeleteCollection(collection=collection))
        again = replace(request, request_id=new_request_id())
        async for event in relayed(client, again, events):
            yield event
    indexed = next((event for event in events if isinstance(event, DocumentIndexed)), None)
    if indexed is None or was_stopped(events):
        reading.is_stopped = True
    elif indexed.status == "failed":
        reading.fail(indexed.reason)
    else:
        reading.read_as = f"{reading.read_as}, by retrieval" if spoken else "by retrieval"
        if indexed.status == "added" and indexed.reason:
            unread = scans[0].note if scans else ""
            reading.note = f"{indexed.reason} {unread}".strip()


async def _scans(
    client: Client,
    files: AttachedFiles,
    reading: FileReading,
    request: Request,
    found: list[ScansRead],
) -> AsyncGenerator[Event, None]:
    """Yield how far OCR is with a file's scanned pages, unless they are kept; `found` then has them."""
    if (kept := files.reading(reading.file.id).get("scans")) is not None:
        texts = tuple(PageText(page=int(page), text=str(text)) for page, text in kept)
        found.append(ScansRead(request_id=request.request_id, texts=texts))
        return
    async with aclosing(read_scans(client, reading.media(files), request)) as events:
        async for event in events:
            if isinstance(event, ScansRead):
                found.append(event)
                reading.is_stopped = event.is_stopped
            else:
                yield event


def _as_kept(scans: ScansRead) -> dict[str, Any]:
    """What is kept of the pages with the reading of their file: texts without places."""
    return {"scans": [[one.page, one.text] for one in scans.texts]}


async def forget_files(client: Client, files: AttachedFiles) -> int:
    """Remove the collections of files that no chat names any more; returns how many. Raises: AppError."""
    events = await client.arun(ListCollections(is_attached=True))
    found = [one for event in events if isinstance(event, Collections) for one in event.collections]
    left = files.left(one.name for one in found)
    for name in left:
        await client.arun(DeleteCollection(collection=name))
    files.num_gone = 0
    return len(left)
