"""The `context` of /api/generate: a conversation as whole numbers, which clients send back unread.

At Ollama they are the model's tokens. Here they are the code points of the conversation as JSON, so that
they hold whichever model answers next. Pure functions.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from workers.messages import ChatMessage
from workers.messages.errors import UnsupportedInputError

_TURNS = TypeAdapter(list[tuple[Literal["system", "user", "assistant"], str]])


def encoded(messages: Sequence[ChatMessage]) -> list[int]:
    """Return the numbers for a conversation."""
    turns = [(message.role, message.text) for message in messages]
    return [ord(character) for character in json.dumps(turns, ensure_ascii=False)]


def decoded(numbers: Sequence[int]) -> list[ChatMessage]:
    """Return the conversation. Raises: UnsupportedInputError for numbers that are none of ours."""
    try:
        turns = _TURNS.validate_json("".join(map(chr, numbers)))
        return [ChatMessage(role=role, text=text) for role, text in turns]
    except (ValidationError, ValueError, OverflowError) as err:
        raise UnsupportedInputError(
            "The context is not one that this server has given.",
            "Leave it out, or send the conversation to /api/chat.",
        ) from err
