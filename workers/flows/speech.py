"""Speak into a file that can be sent while it grows: the first sentence leaves before the last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from workers.client import Client
from workers.media.encoder import Encoder, start_encoder
from workers.messages import AudioDelta, Event, Finished, Started, Synthesize


@dataclass(frozen=True, slots=True, kw_only=True)
class FileBytes(Event):
    """More of the file; joined together they are all of it."""

    data: bytes


async def speak_to_file(
    client: Client, request: Synthesize, name: str, rate_hz: int = 0
) -> AsyncGenerator[FileBytes | Finished, None]:
    """Yield the speech as a file of the named format (`workers.media.audio.FORMATS`), then Finished.

    `rate_hz` is the file's sample rate where its format leaves a choice; 0: the voice's own.
    Closing it stops the voice and the encoder. Raises: AppError.
    """
    async with aclosing(client.astream(request)) as events:
        async for event in events:
            if isinstance(event, Finished):
                yield event
                return
            if isinstance(event, Started):
                break  # not earlier: an encoder for each that waits would cost memory and gain nothing
        async with start_encoder(name, rate_hz) as encoder:
            speaking = asyncio.create_task(_feed(encoder, events, request.request_id))
            try:
                while data := await encoder.read():
                    yield FileBytes(request_id=request.request_id, data=data)
                yield await speaking
            finally:
                speaking.cancel()
                await asyncio.gather(speaking, return_exceptions=True)


async def _feed(encoder: Encoder, events: AsyncGenerator[Event, None], request_id: str) -> Finished:
    try:
        async for event in events:
            if isinstance(event, AudioDelta):
                await encoder.feed(event.pcm, event.sample_rate)
            elif isinstance(event, Finished):
                return event
        return Finished(request_id=request_id, reason="cancelled")
    finally:
        encoder.end()
