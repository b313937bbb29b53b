"""From a path through a chat to the conversation that a model gets."""

from __future__ import annotations

from collections.abc import Sequence

from workers.chats.records import Message
from workers.messages import ChatMessage


def conversation_of(path: Sequence[Message], system: str) -> tuple[ChatMessage, ...]:
    """Return the turns: the system prompt, then questions and answers, ending with what is to be answered.

    Questions without an answer stay out, but for the last: one that was too long would fail every later
    one. An answer at the end is one to be gone on with.
    """
    turns = [ChatMessage(role="system", text=system)] if system.strip() else []
    for index, message in enumerate(path):
        is_last = index == len(path) - 1
        if message.role == "assistant":
            if message.text:
                turns.append(ChatMessage(role="assistant", text=message.text))
        elif is_last or _is_answered(path, index):
            turns.append(ChatMessage(role="user", text=message.text))
    return tuple(turns)


def _is_answered(path: Sequence[Message], question: int) -> bool:
    following = path[question + 1]
    is_last = question + 1 == len(path) - 1
    return following.role == "assistant" and (bool(following.text) or is_last)
