"""What a conversation must be before a chat template sees it.

Knows messages, not tokens: whether it fits the context is the engine's to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from workers.errors import UnsupportedInputError
from workers.messages import ChatMessage, SamplingParams

ROLES = ("system", "user", "assistant", "tool")

_BOUNDS = {
    "temperature": (0.0, 5.0),
    "top_p": (0.0, 1.0),
    "top_k": (0, 1_000_000),
    "min_p": (0.0, 1.0),
    "repeat_penalty": (0.1, 10.0),
}


def tidy(messages: Sequence[ChatMessage]) -> tuple[ChatMessage, ...]:
    """Return the conversation that chat templates expect.

    The system's words come first, empty turns are left out, neighbours of one role become one:
    many templates refuse or garble anything else. Raises: UnsupportedInputError if nothing is
    left to answer or a role is unknown.
    """
    for message in messages:
        if message.role not in ROLES:
            raise UnsupportedInputError(
                f"A message has the role {message.role!r}; known: {', '.join(ROLES)}."
            )
    spoken = [message for message in messages if message.text.strip()]
    turns = [message for message in spoken if message.role != "system"]
    if not turns:
        raise UnsupportedInputError("The message is empty.", hint="Write something to answer.")
    ordered = [message for message in spoken if message.role == "system"] + turns
    return tuple(
        ChatMessage(role=role, text="\n\n".join(message.text for message in group))
        for role, group in groupby(ordered, key=lambda message: message.role)
    )


def check_sampling(sampling: SamplingParams) -> None:
    """Raises: UnsupportedInputError naming the parameter, its value and its range."""
    for name, (low, high) in _BOUNDS.items():
        value = getattr(sampling, name)
        if not low <= value <= high:
            raise UnsupportedInputError(f"{name} is {value}; it must lie in [{low}, {high}].")
    if sampling.max_tokens is not None and sampling.max_tokens < 1:
        raise UnsupportedInputError(
            f"max_tokens is {sampling.max_tokens}; it must be at least 1, or unset."
        )
