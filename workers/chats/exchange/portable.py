"""A chat as a file holds it: our own JSON, and what the exports of other systems are read into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from workers.chats.own_chats import OwnChats
from workers.chats.records import KeptChat, Message, MessageState, Role, Tree

VERSION = 1


class PortableMessage(BaseModel):
    """One message; ids are the file's own."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    parent: str | None = None
    role: Role
    text: str
    thought: str = ""
    state: MessageState = "stop"
    error: str = ""
    created_s: float = 0.0
    details: Mapping[str, Any] = Field(default_factory=dict)


class PortableChat(BaseModel):
    """One chat with all its versions; parents come before what follows them."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    title: str = ""
    folder: str = ""
    is_pinned: bool = False
    created_s: float = 0.0
    settings: Mapping[str, Any] = Field(default_factory=dict)
    messages: Sequence[PortableMessage] = ()
    shown: str | None = None
    """Id of the message that ends what is shown."""


class PortableFile(BaseModel):
    """What an export of ours holds."""

    model_config = ConfigDict(extra="ignore")

    format: Literal["quintet-chats"] = "quintet-chats"
    version: int = Field(default=VERSION, le=VERSION)
    chats: Sequence[PortableChat]


def portable(chat: KeptChat, tree: Tree) -> PortableChat:
    """Return a chat with all of its versions as a file holds it."""
    return PortableChat(
        title=chat.title,
        folder=chat.folder,
        is_pinned=chat.is_pinned,
        created_s=chat.created_s,
        settings=chat.settings,
        messages=[
            PortableMessage(
                id=str(one.id),
                parent=str(one.parent) if one.parent is not None else None,
                role=one.role,
                text=one.text,
                thought=one.thought,
                state=one.state,
                error=one.error,
                created_s=one.created_s,
                details=one.details,
            )
            for one in tree.messages.values()
        ],
        shown=str(chat.shown) if chat.shown is not None else None,
    )


def take_in(own: OwnChats, chat: PortableChat) -> KeptChat:
    """Keep a chat from a file as a new one. Raises: ResourceError, DiskFullError."""
    messages = [(one.id, one.parent, _message(one)) for one in chat.messages]
    return own.take_in(
        KeptChat(
            id="",
            title=chat.title,
            titled_by="person" if chat.title else "question",
            folder=chat.folder,
            is_pinned=chat.is_pinned,
            created_s=chat.created_s,
            settings=chat.settings,
        ),
        messages,
        chat.shown,
    )


def _message(one: PortableMessage) -> Message:
    return Message(
        id=0,
        parent=None,
        role=one.role,
        text=one.text,
        thought=one.thought,
        state="interrupted" if one.state == "running" else one.state,
        error=one.error,
        created_s=one.created_s,
        details=one.details,
    )
