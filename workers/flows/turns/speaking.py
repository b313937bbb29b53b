"""A conversation that is ready, said to a model: with tools, and held to a format, where that is asked for."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from workers.client import Client
from workers.messages import ChatMessage, Event, Generate
from workers.messages.errors import UnsupportedInputError

from .ask import TurnAsk
from .calling import CallingModel
from .longest import sampling_of
from .structured import constraint_of, with_data


async def speak(
    client: Client, ask: TurnAsk, turns: Sequence[ChatMessage]
) -> AsyncGenerator[Event, None]:
    """Yield the model's answer, with the wishes of the ask. Raises: AppError."""
    options = ask.options
    card = client.models.get(options.model, "text") if options.model else client.card("text")
    request = Generate(
        model=options.model,
        messages=tuple(turns),
        sampling=sampling_of(client, card, options),
        thinking=options.thinking,
    )
    events = _spoken(client, ask, request)
    if options.answer_schema is not None:
        events = with_data(events, options.answer_schema)
    async with aclosing(events):
        async for event in events:
            yield event


def _spoken(client: Client, ask: TurnAsk, request: Generate) -> AsyncGenerator[Event, None]:
    """Raises: UnsupportedInputError if tools are chosen and none can be called here."""
    constraint = constraint_of(ask.options.answer_schema)
    if not ask.options.tools:
        return client.astream(replace(request, constraint=constraint))
    if ask.tools is None:
        raise UnsupportedInputError(
            "No tools can be called here.", "Switch them off, or ask in the page's chat."
        )
    return CallingModel(client, ask.tools, ask.options.tools, request, constraint).answer()
