"""A chat as a file holds it: our own JSON, and what the exports of other systems are read into."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from workers.chats.records import KeptChat, Message
from workers.messages.errors import UnsupportedInputError

FORMAT: Literal["quintet-chats"] = "quintet-chats"


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeChat:
    """One chat with all its versions. Ids are the file's own; what follows a message comes after it."""

    chat: KeptChat
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatsFile:
    """What an export of ours holds."""

    format: Literal["quintet-chats"] = FORMAT
    version: Literal[1] = 1
    chats: tuple[WholeChat, ...]
    note: str = ""
    """What is not in it, for people."""


FILE = TypeAdapter(ChatsFile)


def read_own(content: object) -> tuple[WholeChat, ...]:
    """Return the chats of an export of ours. Raises: UnsupportedInputError saying where it is wrong."""
    try:
        chats = FILE.validate_python(content).chats
    except ValidationError as err:
        first = err.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UnsupportedInputError(
            f"This export of Quintet cannot be read: {where}: {first['msg'].lower()}."
        ) from err
    for whole in chats:
        _check_order(whole)
    return tuple(replace(one, messages=tuple(map(_without_ids, one.messages))) for one in chats)


def _without_ids(message: Message) -> Message:
    """Return a message whose files are names alone: who has a file's id in an export may not have the file."""
    files = message.details.get("files")
    if not isinstance(files, list):
        return message
    named = [{**one, "id": ""} for one in files if isinstance(one, dict)]
    return replace(message, details={**message.details, "files": named})


def _check_order(whole: WholeChat) -> None:
    """Raises: UnsupportedInputError if a message stands before the one it follows, or twice."""
    seen: set[int] = set()
    for message in whole.messages:
        if message.id in seen:
            raise UnsupportedInputError(f"This export of Quintet has message {message.id} twice.")
        if message.parent is not None and message.parent not in seen:
            raise UnsupportedInputError(
                f"This export of Quintet has message {message.id} before message {message.parent}, "
                "which it follows."
            )
        seen.add(message.id)
