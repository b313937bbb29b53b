"""The files of a whole path, read one after the other: what each holds goes to the model, or is found in it."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass

from workers.chats.files import AttachedFiles, files_of
from workers.chats.records import Message
from workers.client import Client
from workers.flows.turns.events import Noted
from workers.messages import Event
from workers.messages.errors import AppError

from .documents import MAX_WHOLE_CHARS, forget_files, index_file, read_document
from .pictures import MAX_PICTURES, read_picture
from .reading import FileReading
from .recordings import read_recording

log = logging.getLogger("quintet.turns")

WHOLE_SHARE = 0.5
"""Of the model's context, for all texts that are given whole: the other half is for the conversation,
the question and the answer."""
BEGINNING_CHARS = 1_200
"""Of a long document: its title and first paragraph say what it is, which no passage does."""
TOO_MANY_PICTURES = f"Only the newest {MAX_PICTURES} pictures of a chat are looked at."


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads for which question, and how much of it is given whole."""

    client: Client
    files: AttachedFiles
    question: str
    """What was typed, for a model that looks at pictures."""
    whole_chars: int
    """Room for texts that are given whole."""
    seen_by: str = ""
    """Name of the answering model, if it looks at pictures itself."""


def whole_text_chars(context_length: int, chars_per_token: float) -> int:
    """Return how many characters of attached texts a model is given whole."""
    return int(min(MAX_WHOLE_CHARS, context_length * WHOLE_SHARE * chars_per_token))


def attached_to(path: Iterable[Message]) -> list[FileReading]:
    """Return the files of a path, oldest first; one that was attached twice is read at its first place."""
    found: dict[tuple[str, str], FileReading] = {}
    for message in path:
        for file in files_of(message):
            reading = FileReading(file=file, question=message.id)
            found.setdefault((file.id, "" if file.id else file.name), reading)
    return list(found.values())


async def read_files(
    reader: Reader, path: Sequence[Message], readings: list[FileReading]
) -> AsyncGenerator[Event, None]:
    """Yield how far it is, and Noted for each question; the readings are then filled in.

    A file that cannot be read says so and harms no other. Ends early when stopped: a reading then is too.
    """
    pictures = [one for one in readings if one.file.kind == "picture"]
    room = reader.whole_chars
    for reading in readings:
        try:
            if reading in pictures[:-MAX_PICTURES]:
                reading.fail(TOO_MANY_PICTURES)
            async for event in _read(reader, reading, room):
                yield event
        except AppError as err:
            reading.fail(str(err))
        if reading.is_stopped:
            return
        room -= 0 if reading.is_long else len(reading.text)
        for noted in _noted(path, readings, reading.question):
            yield noted


async def _read(reader: Reader, reading: FileReading, room: int) -> AsyncGenerator[Event, None]:
    """Raises: AppError."""
    client, files = reader.client, reader.files
    if reading.read_as:
        return
    if reading.file.kind == "picture":
        if reader.seen_by:
            files.path(reading.file.id)
            reading.is_seen, reading.read_as = True, f"seen by {reader.seen_by}"
            return
        events = read_picture(client, files, reading, reader.question)
    elif reading.file.kind == "audio":
        events = read_recording(client, files, reading)
    else:
        events = read_document(client, files, reading)
    async for event in events:
        yield event
    if reading.is_stopped or reading.file.kind == "picture":
        return
    reading.is_long = reading.is_long or len(reading.text) > room
    if reading.is_long:
        async for event in index_file(client, files, reading):
            yield event
        reading.text = reading.text[:BEGINNING_CHARS]
        await _forget(client, files)


async def _forget(client: Client, files: AttachedFiles) -> None:
    """Use that the documents are awake: remove what chats have left that are gone."""
    try:
        await forget_files(client, files)
    except AppError as err:
        log.warning("what was searched for chats that are gone is not removed yet: %s", err)


def _noted(path: Sequence[Message], readings: list[FileReading], question: int) -> list[Noted]:
    """Return what is new about a question's files."""
    message = next(one for one in path if one.id == question)
    by_file = {(one.file.id, one.file.name): one for one in readings if one.question == question}
    by_id = {one.file.id: one for one in readings if one.file.id and one.read_as}
    files = []
    for file in files_of(message):
        reading = by_file.get((file.id, file.name)) or by_id.get(file.id)
        if reading is None or not reading.read_as:
            return []  # said when all of them are read
        files.append(file.as_details(read_as=reading.read_as, note=reading.note))
    is_known = list(message.details.get("files", ())) == files
    return [] if is_known else [Noted(request_id="", details={"files": files}, message=question)]
