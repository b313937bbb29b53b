"""A chat's title in the model's words, from its first question and answer."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing

from configs.catalogue import ModelCard
from workers.chats.records import Message
from workers.client import Client
from workers.messages import NO_THOUGHTS, ChatMessage, Finished, Generate, TextDelta
from workers.messages.errors import AppError
from workers.messages.sampling import sampling_for

PROMPT = (
    "Give the conversation below a title of two to six words, in its own language. "
    "Reply with the title alone: no quotes, no full stop.\n\n"
    "Question: {question}\n\nAnswer: {answer}\n\nTitle:"
)
MIN_PARAMETERS_M = 300
"""Millions; those below are no help: SmolLM2 with 135 gave chats titles such as "No title needed"."""
MAX_TOKENS = 24
MAX_CHARACTERS = 60
"""What a line of the list shows; a longer reply is no title."""
MAX_WORDS = 9
READ_CHARACTERS = 600
"""Of the question and of the answer; what a chat is about is said at its beginning."""
AROUND = " \t\"'“”‘’«»*#_`.:-"
"""What small models put around a title."""


def gives_titles(card: ModelCard) -> bool:
    """Whether a model is asked for titles: a remote one is not paid for that, a small one is no help."""
    return not card.is_remote and not 0 < card.parameters_m < MIN_PARAMETERS_M


async def title_of(client: Client, model: str | None, path: Sequence[Message]) -> str:
    """Return a title for a chat; "": the model gave none that is short enough, or could not be asked."""
    question, answer = (message.text[:READ_CHARACTERS] for message in path[:2])
    prompt = PROMPT.format(question=question, answer=answer)
    card = client.models.get(model, "text") if model else client.card("text")
    request = Generate(
        model=model,
        messages=(ChatMessage(role="user", text=prompt),),
        sampling=sampling_for(card, {"max_tokens": MAX_TOKENS, "temperature": 0.2}, NO_THOUGHTS),
        thinking=NO_THOUGHTS,
    )
    text = ""
    try:
        async with aclosing(client.astream(request)) as events:
            async for event in events:
                text += event.text if isinstance(event, TextDelta) else ""
                if isinstance(event, Finished) and event.reason != "stop":
                    return ""  # stopped, or in the middle of a sentence
    except AppError:
        return ""
    return as_title(text)


def as_title(reply: str) -> str:
    """Return a model's reply as a title; "" if it is none."""
    lines = [line for line in reply.strip().splitlines() if line.strip()]
    if len(lines) != 1:
        return ""
    title = " ".join(lines[0].removeprefix("Title:").split()).strip(AROUND)
    is_short = len(title) <= MAX_CHARACTERS and len(title.split()) <= MAX_WORDS
    return title if is_short else ""
