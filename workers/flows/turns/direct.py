"""The way that asks one model once."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from workers.client import Client
from workers.messages import Event

from .ask import TurnAsk
from .conversation import conversation_of
from .speaking import speak


async def answer_directly(client: Client, ask: TurnAsk) -> AsyncGenerator[Event, None]:
    """Yield what comes of it. Raises: AppError."""
    async for event in speak(client, ask, conversation_of(ask.path, ask.options.system)):
        yield event
