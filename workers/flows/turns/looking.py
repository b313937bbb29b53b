"""A conversation about pictures, answered by a model that looks at them itself."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from workers.client import Client
from workers.messages import ChatMessage, Describe, Event, Media, PictureRead

from .ask import TurnAsk
from .longest import sampling_of


async def look(
    client: Client, ask: TurnAsk, turns: Sequence[ChatMessage], pictures: Sequence[Media]
) -> AsyncGenerator[Event, None]:
    """Yield the model's answer to the conversation. Raises: AppError."""
    options = ask.options
    card = client.models.get(options.model, "text") if options.model else client.card("text")
    request = Describe(
        images=tuple(pictures),
        messages=tuple(turns),
        sampling=sampling_of(client, card, options),
        model=card.id,
    )
    async with aclosing(client.astream(request)) as events:
        async for event in events:
            if not isinstance(event, PictureRead):
                yield event
