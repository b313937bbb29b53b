"""Files of chats → chats: our own export, OpenAI's, Open WebUI's. What a file holds besides is counted."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from workers.chats.files import files_of
from workers.messages.amounts import fine_size_words
from workers.messages.errors import UnsupportedInputError

from .open_webui import read_open_webui
from .openai import read_openai
from .portable import FORMAT, WholeChat, read_own
from .reading import Left

KNOWN = (
    "It may be an export of Quintet (JSON), of ChatGPT (conversations.json, or the zip with it), "
    "or of Open WebUI (JSON)."
)
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,  # its content is damaged
    EOFError,
    RuntimeError,  # it is locked with a password, or packed in a way that Python does not know
)
"""What `zipfile` raises for archives that it cannot unpack."""
MAX_MIB = 500
"""Of JSON, unpacked; real exports of years have some tens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedChats:
    """What a file held."""

    chats: tuple[WholeChat, ...]
    left_out: str
    """One sentence about what was not taken over; "": all was."""


def read_chats(data: bytes) -> ImportedChats:
    """Return the chats in a file. Raises: UnsupportedInputError for one that is none of the three."""
    content = _json(_unpacked(data))
    left = Left()
    if isinstance(content, dict) and content.get("format") == FORMAT:
        chats = read_own(content)
        return ImportedChats(chats=chats, left_out=_without_files(chats))
    entries = content if isinstance(content, list) else [content]
    if not entries or not all(isinstance(one, dict) for one in entries):
        raise UnsupportedInputError("This file holds no chats.", KNOWN)
    foreign = [_foreign(entry, left) for entry in entries]
    return ImportedChats(
        chats=tuple(chat for chat in foreign if chat.messages),
        left_out=left.sentence(),
    )


def _foreign(entry: Mapping[str, Any], left: Left) -> WholeChat:
    if isinstance(entry.get("mapping"), dict):
        return read_openai(entry, left)
    if isinstance(entry.get("chat"), dict):
        return read_open_webui(entry, left)
    raise UnsupportedInputError("This file holds no chats that are known here.", KNOWN)


def _unpacked(data: bytes) -> bytes:
    """Return the JSON: of a zip, the file conversations.json in it."""
    if not data.startswith(b"PK\x03\x04"):
        return data
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [name for name in archive.namelist() if name.endswith("conversations.json")]
            if not names:
                raise UnsupportedInputError("This zip holds no conversations.json.", KNOWN)
            if archive.getinfo(names[0]).file_size > MAX_MIB << 20:
                raise UnsupportedInputError(
                    f"The conversations.json in this zip is larger than {fine_size_words(MAX_MIB << 20)}."
                )
            return archive.read(names[0])
    except UNREADABLE as err:
        raise UnsupportedInputError(f"This zip cannot be read: {err}.") from err


def _without_files(chats: Iterable[WholeChat]) -> str:
    """Return a sentence if questions had files: an export of ours has their names alone."""
    num_files = sum(len(files_of(said)) for one in chats for said in one.messages)
    return (
        f"{num_files} attached files are names alone; their contents were not exported."
        if num_files
        else ""
    )


def _json(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError) as err:
        raise UnsupportedInputError(f"This is no JSON: {err}.", KNOWN) from err
