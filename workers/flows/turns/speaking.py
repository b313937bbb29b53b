"""A conversation that is ready, said to a model."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from workers.client import Client
from workers.messages import ChatMessage, Event, Generate
from workers.messages.sampling import sampling_for

from .ask import TurnAsk


async def speak(
    client: Client, ask: TurnAsk, turns: Sequence[ChatMessage]
) -> AsyncGenerator[Event, None]:
    """Yield the model's answer, with the wishes of the ask. Raises: AppError."""
    options = ask.options
    card = client.models.get(options.model, "text") if options.model else client.card("text")
    request = Generate(
        model=options.model,
        messages=tuple(turns),
        sampling=sampling_for(card, options.sampling, options.thinking),
        thinking=options.thinking,
    )
    async for event in client.astream(request):
        yield event
