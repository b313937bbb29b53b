"""How a test ends an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from workers.chats.own_chats import OwnChats
from workers.chats.records import NOTHING, Message, MessageState


def end_answer(
    own: OwnChats,
    message: int,
    state: MessageState,
    *,
    text: str | None = None,
    details: Mapping[str, Any] = NOTHING,
) -> Message:
    """End it with what was written, or with another text."""
    whole = own.message(message)
    said = whole.text if text is None else text
    return own.end_answer(replace(whole, text=said, state=state, details=details))
