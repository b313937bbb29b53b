"""The ways to come by an answer, by the name that a chat keeps: the one table that a new flow enters."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from workers.chats.records import Message
from workers.client import Client
from workers.messages import Event, Generate
from workers.messages.errors import UnsupportedInputError
from workers.messages.sampling import sampling_for

from .conversation import conversation_of
from .options import DIRECT, TurnOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnAsk:
    """What is to be answered, and how."""

    path: Sequence[Message]
    """The chat from its beginning to the question, or to the answer that is gone on with."""
    options: TurnOptions


Way = Callable[[Client, TurnAsk], AsyncGenerator[Event, None]]
"""Yields events of the pool, `Noted` and `Rewritten`, and exactly one Finished. Raises: AppError."""


async def answer_directly(client: Client, ask: TurnAsk) -> AsyncGenerator[Event, None]:
    """Ask one model once."""
    options = ask.options
    card = client.models.get(options.model, "text") if options.model else client.card("text")
    request = Generate(
        model=options.model,
        messages=conversation_of(ask.path, options.system),
        sampling=sampling_for(card, options.sampling, options.thinking),
        thinking=options.thinking,
    )
    async for event in client.astream(request):
        yield event


WAYS: Mapping[str, Way] = MappingProxyType({DIRECT: answer_directly})


def way_of(options: TurnOptions) -> Way:
    """Return the way that a chat has chosen. Raises: UnsupportedInputError if there is none of that name."""
    if options.flow not in WAYS:
        raise UnsupportedInputError(
            f"There is no flow {options.flow!r}.", f"There are: {', '.join(WAYS)}."
        )
    return WAYS[options.flow]
