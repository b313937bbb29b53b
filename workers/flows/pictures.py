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
from workers.messages import (
    NO_THOUGHTS,
    Describe,
    Event,
    Finished,
    Generate,
    PictureRead,
    Progress,
    TextDelta,
)
from workers.messages.errors import ContextTooLongError

from .picture_prompt import build_prompt, cut_text

NOTHING_READ = (
    "I found no text in {pictures}, and the model in use can only read text. "
    "Describing what a picture shows needs a vision-language model."
)
ANSWER_TOKENS = 512
"""Room kept for the completion."""
CHARS_PER_TOKEN = 2.0
"""Deliberately low: receipts are digits, and a digit is a token. Too high costs one more try."""
MIN_CHARS = 400


async def ask_about_pictures(
    client: Client, describe: Describe, pictures: tuple[PictureRead, ...] = ()
) -> AsyncGenerator[Event, None]:
    """Yield PictureRead per picture, then the answer to the conversation as TextDeltas.

    Ends in one Finished; all events carry the request id of `describe`. `pictures` are readings of
    the same images from an earlier turn: given, the images are not read again, except by a model
    that looks at them itself, which gets them with each question. Text that did not fit the text
    model's context is told as Progress in lines. Closing it stops whichever worker is at work.
    Raises: AppError.
    """
    is_answered = not describe.messages
    if not pictures or _looks_itself(client, describe):
        pictures = ()
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


def _looks_itself(client: Client, describe: Describe) -> bool:
    """Whether the model in use answers; asleep it cannot be asked, so then it gets the pictures."""
    model = describe.model
    card = client.models.get(model, "vision") if model else client.card("vision")
    ready = client.ready("vision", card.id)
    return ready is None or "answers" in ready.capabilities


async def _answer(
    client: Client, describe: Describe, pictures: tuple[PictureRead, ...]
) -> AsyncGenerator[Event, None]:
    if not any(picture.lines for picture in pictures):
        which = "the picture" if len(pictures) == 1 else f"the {len(pictures)} pictures"
        yield TextDelta(request_id="", text=NOTHING_READ.format(pictures=which))
        yield Finished(request_id="")
        return
    room = _room_in_chars(client, describe)
    while True:
        text, num_kept, num_rows = cut_text(pictures, room)
        if num_kept < num_rows:
            yield _cut_notice(num_kept, num_rows)
        request = Generate(
            thinking=NO_THOUGHTS,
            messages=build_prompt(text, describe.messages),
            sampling=describe.sampling,
            model=describe.text_model,
            deadline=describe.deadline,
            keep_s=describe.keep_s,
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


def _room_in_chars(client: Client, describe: Describe) -> int:
    model = describe.text_model
    card = client.models.get(model, "text") if model else client.card("text")
    ready = client.ready("text", card.id)
    context = ready.context_length if ready else card.context_length
    spoken = sum(len(message.text) for message in (*describe.messages, *build_prompt("", ())))
    room = (context - ANSWER_TOKENS) * CHARS_PER_TOKEN - spoken
    return max(MIN_CHARS, int(room))


def _cut_notice(num_kept: int, num_rows: int) -> Progress:
    return Progress(
        request_id="",
        done=num_kept,
        total=num_rows,
        unit="lines",
        what="Only the beginning fits the text model's context",
    )
