"""What is kept of chats: values that the store returns and the doors show.

A chat is a tree of messages. A question's children are the versions of its answer, an answer's children
the questions that were asked after it; a question that was changed is a sibling of the old one. Nothing
in the tree is ever changed or taken out: `KeptChat.shown` says which way through it is seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from workers.messages.events import FinishReason

Role: TypeAlias = Literal["user", "assistant"]
MessageState: TypeAlias = FinishReason | Literal["running", "failed", "interrupted"]
"""How a message ended; "interrupted": the process that wrote it ended before it did."""
TitledBy: TypeAlias = Literal["question", "model", "person"]
"""Who gave a chat its title; what a person chose, nothing else changes."""

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A question, or one version of an answer."""

    id: int
    """Grows with time, over all chats."""
    parent: int | None
    """What it follows; None: the chat begins with it."""
    role: Role
    text: str
    """A question as it was typed; an answer as the model wrote it, so far."""
    thought: str = ""
    """What the model thought before it."""
    state: MessageState = "stop"
    error: str = ""
    """One sentence, of a message that failed."""
    created_s: float = 0.0
    """Seconds since 1970."""
    details: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    """What else a door wants to show of it, as JSON: the model, its receipt, files, sources."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptChat:
    """A chat without its messages: a line of the list."""

    id: str
    title: str
    titled_by: TitledBy = "question"
    folder: str = ""
    """Name of the folder that it is filed in; "": none."""
    is_pinned: bool = False
    is_running: bool = False
    """Whether an answer is being written in it."""
    created_s: float = 0.0
    changed_s: float = 0.0
    """When the last message was added. Both in seconds since 1970."""
    shown: int | None = None
    """Id of the message that ends what is shown; None: nothing is."""
    settings: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    """How it is answered, as JSON: what the composer's switches say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundChat:
    """A chat that a search found."""

    chat: KeptChat
    excerpt: str
    """Where it was found: some words around; "" if its title was."""
    message: int | None = None
    """Id of the message that was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """All messages of a chat; made by `tree_of`."""

    messages: Mapping[int, Message]
    """By id, in the order in which they were added."""
    below: Mapping[int | None, tuple[Message, ...]]
    """What follows each message, oldest first; None: what the chat may begin with."""

    def path(self, end: int | None) -> tuple[Message, ...]:
        """Return the messages from the chat's beginning to this one."""
        path: list[Message] = []
        while end is not None:
            message = self.messages[end]
            path.append(message)
            end = message.parent
        return tuple(reversed(path))

    def versions(self, message: Message) -> tuple[Message, ...]:
        """Return a message and its siblings of the same role, oldest first."""
        siblings = self.below.get(message.parent, ())
        return tuple(one for one in siblings if one.role == message.role)

    def end_below(self, message: int) -> int:
        """Return the end of the newest way through the tree that passes a message."""
        while below := self.below.get(message):
            message = below[-1].id
        return message


def tree_of(messages: Iterable[Message]) -> Tree:
    """Return messages of one chat, in the order of their ids, as a tree."""
    known = {message.id: message for message in messages}
    below: dict[int | None, list[Message]] = {}
    for message in known.values():
        below.setdefault(message.parent, []).append(message)
    return Tree(messages=known, below={parent: tuple(them) for parent, them in below.items()})
