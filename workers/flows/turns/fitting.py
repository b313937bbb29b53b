"""How a conversation is made to fit a model's context: whole exchanges are left out, the oldest first. Pure.

Nobody here counts tokens: what a prompt had is known from the last answer's receipt, or from the refusal
of a longer one; the rest is reckoned from its characters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workers.chats.records import Message
from workers.flows.documents import CHARS_PER_TOKEN

from .recalled import recalled_chars

ANSWER_TOKENS = 512
"""Room for the answer; of a short context, a quarter."""
DEFAULT_CONTEXT = 4096
"""Tokens, of a model that says nothing of its context."""


def answer_tokens(context_length: int) -> int:
    """Return how many tokens are kept free for the answer."""
    return min(ANSWER_TOKENS, context_length // 4)


def ends_of_exchanges(path: Sequence[Message], num_left_out: int = 0) -> list[int]:
    """Return how many messages may be left out: up to each question but the first that is kept."""
    return [
        index
        for index, message in enumerate(path)
        if message.role == "user" and index > num_left_out
    ]


def num_exchanges(messages: Sequence[Message]) -> int:
    """Return how many questions some messages have."""
    return sum(message.role == "user" for message in messages)


def shorter(
    path: Sequence[Message], num_left_out: int, num_tokens: int, num_chars: int, context_length: int
) -> int | None:
    """Return how many messages to leave out, so that the others should fit; None: no more can be.

    `num_tokens` and `num_chars` are of the prompt that did not fit; 0 tokens: nobody counted, and half
    of the exchanges go.
    """
    ends = ends_of_exchanges(path, num_left_out)
    if not ends:
        return None
    if not num_tokens:
        return ends[len(ends) // 2]
    per_token = max(1.0, num_chars / num_tokens)
    surplus = num_tokens + answer_tokens(context_length) - context_length
    for end in ends:
        freed = sum(
            len(message.text) + recalled_chars(message) for message in path[num_left_out:end]
        )
        if freed / per_token >= surplus:
            return end
    return ends[-1]


def expected_tokens(path: Sequence[Message], model: str, num_chars: int) -> int:
    """Return about how many tokens the prompt for the last question has; 0: nobody can say.

    From the last answer of the same model, and the `num_chars` that have come since.
    """
    answers = [one for one in path[:-1] if one.role == "assistant" and one.text]
    if not answers or answers[-1].details.get("model") != model:
        return 0
    used = _used(answers[-1].details)
    return used + int(num_chars / CHARS_PER_TOKEN) if used else 0


def left_out_before(
    path: Sequence[Message], when_full: str, context_length: int
) -> tuple[int, str]:
    """Return how many messages an earlier answer of the path has left out, and its summary of them.

    What was left out for a shorter context than there is now comes back.
    """
    ids = [message.id for message in path]
    for message in reversed(path[:-1]):
        noted = message.details.get("left_out")
        if message.role != "assistant" or not isinstance(noted, Mapping):
            continue
        summary = str(noted.get("summary", ""))
        is_fit = noted.get("window", 0) >= context_length and noted.get("until") in ids
        if is_fit and (when_full == "summarise") == bool(summary):
            return ids.index(int(noted["until"])) + 1, summary
        return 0, ""
    return 0, ""


def kept_left_out(
    path: Sequence[Message], num_left_out: int, summary: str, context_length: int
) -> dict[str, Any]:
    """Return what was left out, as an answer's details have it."""
    noted: dict[str, Any] = {
        "exchanges": num_exchanges(path[:num_left_out]),
        "until": path[num_left_out - 1].id,
        "window": context_length,
    }
    return {**noted, "summary": summary} if summary else noted


def _used(details: Mapping[str, Any]) -> int:
    context = details.get("context")
    return int(context.get("used", 0)) if isinstance(context, Mapping) else 0
