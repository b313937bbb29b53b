"""A question that follows others, as one that can be searched for alone: "and on Sundays?"."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from configs.catalogue import ModelCard
from workers.chats.records import Message
from workers.client import Client
from workers.flows.citations import without_marks
from workers.flows.documents import SMALL_MODEL_M
from workers.flows.follow_up import SHORT_QUESTION_WORDS
from workers.messages import NO_THOUGHTS, ChatMessage, Event, Generate, SamplingParams
from workers.messages.errors import AppError
from workers.messages.folds import text_of

from .attached.reading import relayed, was_stopped

MAX_QUERY_CHARS = 600
"""More than an embedding model reads of a question."""
MAX_TURNS, MAX_TURN_CHARS = 6, 400
"""What a follow-up refers to stands in the last three exchanges, and near their beginnings."""
REWRITE = (
    "Question: {question}\n\nIt was asked at the end of this conversation:\n{history}\n\nWrite the "
    "question again so that it can be understood without the conversation. Write only the question, in "
    "one line and in its own language."
)
SAMPLING = SamplingParams(temperature=0.0, repeat_penalty=1.0, max_tokens=80)


async def rewrite(
    client: Client, card: ModelCard, path: Sequence[Message], queries: list[str]
) -> AsyncGenerator[Event, None]:
    """Yield how far it is; `queries` then has what to search for, nothing if it was stopped.

    Only what people typed and the model said goes into it, never what a file says. Where the model
    fails, or is too small to be asked, the question stands as it is.
    """
    question, earlier = path[-1].text.strip(), path[:-1]
    if not question or not any(one.role == "user" for one in earlier):
        queries.append(question[:MAX_QUERY_CHARS])
    elif 0 < card.parameters_m < SMALL_MODEL_M:
        queries.append(joined(earlier, question))
    else:
        prompt = REWRITE.format(history=_history(earlier), question=question[:MAX_QUERY_CHARS])
        request = Generate(
            messages=(ChatMessage(role="user", text=prompt),),
            model=card.id,
            sampling=SAMPLING,
            thinking=NO_THOUGHTS,
        )
        events: list[Event] = []
        try:
            async for event in relayed(client, request, events):
                yield event
        except AppError:
            queries.append(question[:MAX_QUERY_CHARS])
            return
        if not was_stopped(events):
            queries.append(usable(text_of(events)) or question[:MAX_QUERY_CHARS])


def joined(earlier: Sequence[Message], question: str) -> str:
    """Return a short question with the one before it, a longer one alone."""
    asked = [one.text for one in earlier if one.role == "user" and one.text.strip()]
    if asked and len(question.split()) < SHORT_QUESTION_WORDS:
        question = f"{asked[-1][:MAX_TURN_CHARS]} {question}"
    return question[:MAX_QUERY_CHARS]


def usable(written: str) -> str:
    """Return the one line that was asked for; "" if there is none, or it is no question's length."""
    lines = [line.strip(" \t\"“”'*") for line in written.splitlines() if line.strip()]
    line = lines[0].removeprefix("Question:").strip() if lines else ""
    return line if 0 < len(line) <= MAX_QUERY_CHARS else ""


def _history(earlier: Sequence[Message]) -> str:
    said = [one for one in earlier if one.text.strip()][-MAX_TURNS:]
    who = {"user": "Question", "assistant": "Answer"}
    return "\n".join(
        f"{who[one.role]}: {without_marks(one.text).strip()[:MAX_TURN_CHARS]}" for one in said
    )
