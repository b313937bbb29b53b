"""Attached recordings: written down once, by the recogniser in use."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from workers.chats.files import AttachedFiles
from workers.client import Client
from workers.messages import AudioInfo, Event, SegmentDelta, Transcribe

from .documents import MAX_WHOLE_CHARS
from .reading import FileReading, relayed, was_stopped

NO_SPEECH = "No speech was found in it."


async def read_recording(
    client: Client, files: AttachedFiles, reading: FileReading
) -> AsyncGenerator[Event, None]:
    """Yield how far it is; the reading then has the transcript, all of it. Raises: AppError."""
    kept = files.reading(reading.file.id)
    if "text" not in kept:
        events: list[Event] = []
        async for event in relayed(client, Transcribe(audio=reading.media(files)), events):
            yield event
        if was_stopped(events):
            reading.is_stopped = True
            return
        said = (event.text.strip() for event in events if isinstance(event, SegmentDelta))
        info = next((event for event in events if isinstance(event, AudioInfo)), None)
        kept = {"text": "\n".join(filter(None, said)), "length": _length(info)}
        files.keep_reading(reading.file.id, kept)
    reading.text, length = str(kept["text"]), kept.get("length")
    reading.read_as = f"transcribed ({length})" if length else "transcribed"
    reading.note = "" if reading.text else NO_SPEECH
    reading.is_long = len(reading.text) > MAX_WHOLE_CHARS


def _length(info: AudioInfo | None) -> str:
    if info is None:
        return ""
    minutes, seconds = divmod(round(info.duration_s), 60)
    return f"{minutes}:{seconds:02d}, {info.language}"
