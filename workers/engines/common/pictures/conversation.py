"""Where the pictures go in a conversation: before the words of its first question."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from workers.messages import ChatMessage, Role

DEFAULT_QUESTION = ChatMessage(role="user", text="Describe this, and write down any text in it.")
"""Asked when only pictures were sent."""


@dataclass(frozen=True, slots=True)
class PictureTurn:
    """One message and how many of the request's pictures stand before its text."""

    role: Role
    text: str
    num_pictures: int = 0


def turns_with_pictures(
    messages: tuple[ChatMessage, ...], num_pictures: int
) -> Iterator[PictureTurn]:
    """Yield the conversation; a question is added where nobody asked anything yet."""
    rest = num_pictures
    asked = any(message.role == "user" for message in messages)
    for message in messages if asked else (*messages, DEFAULT_QUESTION):
        is_first = message.role == "user" and rest > 0
        yield PictureTurn(message.role, message.text, rest if is_first else 0)
        rest = 0 if is_first else rest
