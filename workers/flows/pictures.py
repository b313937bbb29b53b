"""Ask about pictures: read them with the vision worker, answer with the text worker.

An engine that answers questions itself (capability "answers") is passed through; for one that only
reads, the lines become a prompt. When nothing was read the answer says so: a text model asked
about an empty page would invent one.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from workers.client import Client
from workers.errors import ContextTooLongError
from workers.messages import (
    ChatMessage,
    Describe,
    Event,
    Finished,
    Generate,
    PictureRead,
    Progress,
    TextDelta,
)
from workers.vision.reading import rows

NOTHING_READ = (
    "I found no text in {pictures}, and the model in use can only read text. "
    "Describing what a picture shows needs a vision-language model."
)
INSTRUCTION = "Answer with the exact words or numbers from the text."
ANSWER_TOKENS = 512
"""Room kept for the completion."""
CHARS_PER_TOKEN = 2.0
"""Deliberately low: receipts are digits, and a digit is a token. Too high costs one more try."""
MIN_CHARS = 400


def layout_text(picture: PictureRead) -> str:
    """Return the picture's text, one row a line; what stands side by side is joined by ": "."""
    return "\n".join(": ".join(line.text for line in row) for row in rows(picture.lines))


async def ask_about_pictures(
    client: Client, describe: Describe, pictures: tuple[PictureRead, ...] = ()
) -> AsyncGenerator[Event, None]:
    """Yield PictureRead per picture, then the answer to the conversation as TextDeltas.

    Ends in one Finished; all events carry the request id of `describe`. `pictures` are readings of
    the same images from an earlier turn: given, the images are not read again. Text that did not
    fit the text model's context is told as Progress in lines. Closing it stops whichever worker is
    at work. Raises: AppError.
    """
    is_answered = not describe.messages
    if not pictures:
        async with aclosing(client.astream(describe)) as events:
            async for event in events:
                if isinstance(event, PictureRead):
                    pictures += (event,)
                is_answered |= isinstance(event, TextDelta)
                if not isinstance(event, Finished):
                    yield event
                elif is_answered or event.reason == "cancelled":
                    yield event
                    return
    elif is_answered:
        yield Finished(request_id=describe.request_id)
        return
    async for event in _answer(client, describe, pictures):
        yield replace(event, request_id=describe.request_id)


async def _answer(
    client: Client, describe: Describe, pictures: tuple[PictureRead, ...]
) -> AsyncGenerator[Event, None]:
    if not any(picture.lines for picture in pictures):
        which = "the picture" if len(pictures) == 1 else f"the {len(pictures)} pictures"
        yield TextDelta(request_id="", text=NOTHING_READ.format(pictures=which))
        yield Finished(request_id="")
        return
    room = _room_in_chars(client, describe.messages)
    while True:
        text, num_kept, num_lines = _cut(pictures, room)
        if num_kept < num_lines:
            yield _cut_notice(num_kept, num_lines)
        request = Generate(
            messages=_prompt(text, describe.messages),
            sampling=describe.sampling,
            deadline=describe.deadline,
        )
        try:
            async with aclosing(client.astream(request)) as events:
                async for event in events:
                    yield event
        except ContextTooLongError:
            if room <= MIN_CHARS:
                raise
            room = max(MIN_CHARS, min(room, len(text)) // 2)
        else:
            return


def _room_in_chars(client: Client, messages: tuple[ChatMessage, ...]) -> int:
    ready = client.ready("text")
    context = ready.context_length if ready else client.card("text").context_length
    spoken = sum(len(message.text) for message in messages) + len(INSTRUCTION)
    room = (context - ANSWER_TOKENS) * CHARS_PER_TOKEN - spoken
    return max(MIN_CHARS, int(room))


def _cut(pictures: tuple[PictureRead, ...], room: int) -> tuple[str, int, int]:
    """Return the text of the pictures cut to `room` characters, rows kept, rows in all."""
    texts = [layout_text(picture).splitlines() for picture in pictures]
    num_lines = sum(len(lines) for lines in texts)
    kept: list[str] = []
    num_kept = used = 0
    for number, lines in enumerate(texts, start=1):
        if len(texts) > 1:
            kept.append(f"Picture {number}:" if lines else f"Picture {number}: no text")
        for line in lines:
            used += len(line) + 1
            if used > room:
                return "\n".join(kept), num_kept, num_lines
            kept.append(line)
            num_kept += 1
    return "\n".join(kept), num_kept, num_lines


def _cut_notice(num_kept: int, num_lines: int) -> Progress:
    return Progress(
        request_id="",
        done=num_kept,
        total=num_lines,
        unit="lines",
        what="Only the beginning fits the text model's context",
    )


def _prompt(text: str, messages: tuple[ChatMessage, ...]) -> tuple[ChatMessage, ...]:
    """Put the pictures' text before the first question; later turns follow as they are."""
    system = [m for m in messages if m.role == "system"] or [
        ChatMessage(role="system", text=INSTRUCTION)
    ]
    turns = [m for m in messages if m.role != "system"]
    first, *later = turns or [ChatMessage(role="user", text="What does the text say?")]
    question = ChatMessage(role="user", text=f"Text:\n{text}\n\n{first.text}")
    return (*system, question, *later)
