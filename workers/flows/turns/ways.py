"""The ways to come by an answer, by the name that a chat keeps: the one table that a new flow enters."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from types import MappingProxyType

from workers.client import Client
from workers.messages import Event
from workers.messages.errors import UnsupportedInputError

from .article import answer_with_article
from .ask import TurnAsk
from .comparing import answer_compared
from .direct import answer_directly
from .options import DIRECT, TurnOptions
from .planning import answer_planned
from .routing import answer_routed

Way = Callable[[Client, TurnAsk], AsyncGenerator[Event, None]]
"""Yields events of the pool, `Noted` and `Rewritten`, and exactly one Finished. Raises: AppError."""


def _to_questions(way: Way) -> Way:
    """Return a way that only answers questions: an answer that broke off is gone on with directly."""

    async def answer(client: Client, ask: TurnAsk) -> AsyncGenerator[Event, None]:
        is_question = ask.path[-1].role == "user"
        async with aclosing((way if is_question else answer_directly)(client, ask)) as events:
            async for event in events:
                yield event

    return answer


WAYS: Mapping[str, Way] = MappingProxyType(
    {
        DIRECT: answer_directly,
        "route": _to_questions(answer_routed),
        "plan": _to_questions(answer_planned),
        "compare": _to_questions(answer_compared),
        "article": _to_questions(answer_with_article),
    }
)
WHAT_FLOWS_DO: Mapping[str, str] = MappingProxyType(
    {
        DIRECT: "One model answers.",
        "route": "The local model answers and judges itself; a stronger one is asked only if it must.",
        "plan": "A plan first, then each step alone, then all of it together.",
        "compare": "Two models answer side by side; you say which is better.",
        "article": "An outline, then sections with sources, as one Markdown file.",
    }
)
"""For people, a line each."""


def way_of(options: TurnOptions) -> Way:
    """Return the way that a chat has chosen. Raises: UnsupportedInputError if there is none of that name."""
    if options.flow not in WAYS:
        raise UnsupportedInputError(
            f"There is no flow {options.flow!r}.", f"There are: {', '.join(WAYS)}."
        )
    return WAYS[options.flow]
