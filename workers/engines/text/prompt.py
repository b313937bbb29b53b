"""What a conversation must be before a chat template sees it.

Knows messages, not tokens: whether it fits the context is the engine's to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from workers.messages import ChatMessage
from workers.messages.errors import ContextTooLongError, UnsupportedInputError

MAX_TOKEN_CHARS = 128
"""No more stand in one token, on average over a whole context."""
USUAL_TOKEN_CHARS = 4
"""Of English text in one token: to say about how long a conversation is that nobody counted."""
ROLES = ("system", "user", "assistant", "tool")


def tidy(messages: Sequence[ChatMessage]) -> tuple[ChatMessage, ...]:
    """Return the conversation that chat templates expect.

    The system's words come first, empty turns are left out, neighbours of one role become one:
    many templates refuse or garble anything else. Calls of tools and their results stay as they
    are. Raises: UnsupportedInputError if nothing is left to answer or a role is unknown.
    """
    for message in messages:
        if message.role not in ROLES:
            raise UnsupportedInputError(
                f"A message has the role {message.role!r}; known: {', '.join(ROLES)}."
            )
    spoken = [m for m in messages if m.text.strip() or m.tool_calls or m.role == "tool"]
    turns = [message for message in spoken if message.role != "system"]
    if not turns:
        raise UnsupportedInputError("The message is empty.", hint="Write something to answer.")
    ordered = [message for message in spoken if message.role == "system"] + turns
    groups = [list(group) for _, group in groupby(ordered, key=_joinable)]
    return tuple(_joined(group) for group in groups)


def _joinable(message: ChatMessage) -> tuple[str, str]:
    """Neighbours with the same key become one turn."""
    ids = [call.call_id for call in message.tool_calls]
    return message.role, message.tool_call_id or ",".join(ids)


def _joined(group: list[ChatMessage]) -> ChatMessage:
    if len(group) == 1:
        return group[0]
    return replace(group[0], text="\n\n".join(message.text for message in group))


def check_text(texts: Iterable[str]) -> None:
    """Raises: UnsupportedInputError for half of a surrogate pair, which JSON may carry."""
    for text in texts:
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as err:
            raise UnsupportedInputError(
                f"The text holds half a character at place {err.start:,}.",
                hint="Send it as UTF-8.",
            ) from err


def check_length(texts: Iterable[str], context_length: int) -> None:
    """Refuse what surely does not fit, before llama.cpp spends a minute on counting its tokens.

    Raises: ContextTooLongError.
    """
    num_chars = sum(map(len, texts))
    if num_chars > context_length * MAX_TOKEN_CHARS:
        raise ContextTooLongError(
            f"The conversation is {num_chars:,} characters long, "
            f"the model's context holds {context_length:,} tokens.",
            hint="Shorten the message, or start a new chat.",
            num_tokens=num_chars // USUAL_TOKEN_CHARS,
        )
