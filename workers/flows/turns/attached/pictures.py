"""Attached pictures: looked at by the vision model with the question in mind, or their text is read.

Only a model that reads gives the same for every question, so only its reading is kept.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator

from workers.chats.files import AttachedFiles
from workers.client import Client
from workers.flows.picture_prompt import layout_text
from workers.messages import ChatMessage, Describe, Event, PictureRead, SamplingParams
from workers.messages.folds import text_of

from .reading import FileReading, relayed, was_stopped

MAX_PICTURES = 8
"""What one request may bring: `limits.max_images`."""
MAX_TEXT_CHARS = 6_000
"""A full page of small print; of more, the beginning is given."""
READ = "text read (OCR)"
NO_TEXT = "No text was found in it, and the vision model here reads text only."
CUT = "Only the first {num_chars:,} characters of its text are given to the model."
LOOK = (
    "Somebody will be asked: “{question}” about this picture, and cannot see it. Describe what in it "
    "matters for the answer, and write down every text in it."
)
SAMPLING = SamplingParams(temperature=0.0, max_tokens=400)


async def read_picture(
    client: Client, files: AttachedFiles, reading: FileReading, question: str
) -> AsyncGenerator[Event, None]:
    """Yield how far it is; the reading then has what the vision model says of it. Raises: AppError."""
    card = client.card("vision")
    kept = files.reading(reading.file.id)
    if kept.get("by") != card.id:
        asked = ChatMessage(role="user", text=LOOK.format(question=question))
        request = Describe(
            images=(reading.media(files),), messages=(asked,), sampling=SAMPLING, model=card.id
        )
        events: list[Event] = []
        async for event in relayed(client, request, events):
            yield event
        if was_stopped(events):
            reading.is_stopped = True
            return
        if described := text_of(events).strip():
            reading.text, reading.read_as = described, f"seen by {card.name}"
            return
        found = tuple(event for event in events if isinstance(event, PictureRead))
        kept = {"text": "\n".join(map(layout_text, found)), "by": card.id}
        files.keep_reading(reading.file.id, kept)
    text = str(kept["text"])
    reading.text, reading.read_as = text[:MAX_TEXT_CHARS], READ
    if not text:
        reading.note = NO_TEXT
    elif len(text) > MAX_TEXT_CHARS:
        reading.note = CUT.format(num_chars=MAX_TEXT_CHARS)
