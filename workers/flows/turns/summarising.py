"""The oldest exchanges of a conversation, in short, by the model that goes on with it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from workers.chats.records import Message
from workers.client import Client
from workers.flows.citations import without_marks
from workers.flows.documents import CHARS_PER_TOKEN
from workers.messages import NO_THOUGHTS, ChatMessage, Event, Generate, Progress, SamplingParams
from workers.messages.folds import text_of

from .attached.reading import relayed, was_stopped

SUMMARISE = (
    "{before}Here is the beginning of a conversation:\n{said}\n\nSum it up for somebody who goes on with "
    "it: facts, names, numbers, decisions and what is still open. At most {num_words} words, nothing else."
)
BEFORE = "What was said before that, in short:\n{summary}\n\n"
SUMMARY_WORDS = 150
SAMPLING = SamplingParams(temperature=0.0, max_tokens=300)
READ_SHARE = 0.5
"""Of the context, for what is summed up at once; a longer beginning is taken in parts."""


async def summarise(
    client: Client,
    model: str,
    messages: Sequence[Message],
    before: str,
    context_length: int,
    summaries: list[str],
) -> AsyncGenerator[Event, None]:
    """Yield how far it is; `summaries` then has the summary, or nothing if it was stopped.

    `before`: the summary of what came before these messages. Raises: AppError.
    """
    room = int(context_length * READ_SHARE * CHARS_PER_TOKEN)
    parts = cut(messages, room)
    summary = before
    for number, said in enumerate(parts):
        yield Progress(
            request_id="",
            done=number,
            total=len(parts),
            unit="parts",
            what="summing up the oldest exchanges",
        )
        earlier = BEFORE.format(summary=summary) if summary else ""
        prompt = SUMMARISE.format(before=earlier, said=said, num_words=SUMMARY_WORDS)
        request = Generate(
            messages=(ChatMessage(role="user", text=prompt),),
            model=model,
            sampling=SAMPLING,
            thinking=NO_THOUGHTS,
        )
        events: list[Event] = []
        async for event in relayed(client, request, events):
            yield event
        if was_stopped(events):
            return
        summary = text_of(events).strip() or summary
    summaries.append(summary)


def cut(messages: Sequence[Message], room: int) -> list[str]:
    """Return what was said, in parts of at most `room` characters."""
    who = {"user": "Question", "assistant": "Answer"}
    said = "\n\n".join(
        f"{who[one.role]}: {without_marks(one.text).strip()}"
        for one in messages
        if one.text.strip()
    )
    return [said[start : start + room] for start in range(0, len(said), max(1, room))]
