"""From a request to its answer: one object, or newline-delimited JSON."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing
from dataclasses import dataclass

import fastapi
from fastapi.responses import JSONResponse, Response, StreamingResponse

from api.core.conversation import Conversations, Question
from api.core.stream import await_first_item, collect, while_connected
from configs.catalogue import ModelCard
from workers.client import Client
from workers.messages import Event, Generate, LoadModel
from workers.messages.errors import AppError, ContextTooLongError

from . import convert, options
from .objects import AnswerWriter, Json
from .schemas import Asked

NDJSON = "application/x-ndjson"
IGNORED = "X-Quintet-Ignored"
"""Header with the keys and options of a body that nothing here follows."""
DROPPED = "X-Quintet-Dropped-Turns"
"""Header with how many turns were left out of a conversation that did not fit."""
MAX_NAMED = 20
MAX_NAME_CHARS = 40
SWITCHES = ("shift",)
"""Keys that nothing here follows, and that ask for nothing when they are false."""


@dataclass(slots=True, kw_only=True)
class OllamaAnswer:
    """Answers one body."""

    conversations: Conversations
    card: ModelCard
    body: Asked
    writer: AnswerWriter
    num_dropped: int = 0
    ignored: tuple[str, ...] = ()
    """Keys that this way of answering does not follow, besides those that none does."""

    async def send(self, question: Question, connection: fastapi.Request) -> Response:
        """Return the answer; a refusal is still an HTTP status. Raises: AppError."""
        if self.body.stream:
            source = await self._open(question)
            return StreamingResponse(
                self._lines(source), media_type=NDJSON, headers=self._headers()
            )
        events = await while_connected(self._all_of(question), connection)
        return JSONResponse(self._finished(self.writer.whole(events)), headers=self._headers())

    async def _open(self, question: Question) -> AsyncGenerator[Event, None]:
        """Return the events once the first piece is there; a conversation too long loses its oldest turns.

        Raises: ContextTooLongError for one that cannot be shorter, or may not be.
        """
        while True:
            try:
                events = self.conversations.open(question)
                return await await_first_item(events, lambda event: event)
            except ContextTooLongError as err:
                shorter = self._shorter(question, err)
                if shorter is None:
                    raise
                question = shorter

    def _shorter(self, question: Question, error: ContextTooLongError) -> Generate | None:
        if not self.body.truncate or not isinstance(question, Generate):
            return None
        shorter = convert.without_oldest(question, error.num_tokens, self._context_length or 0)
        if shorter is not None:
            self.num_dropped += len(question.messages) - len(shorter.messages)
        return shorter

    async def _all_of(self, question: Question) -> list[Event]:
        async with aclosing(await self._open(question)) as events:
            return [event async for event in events]

    async def _lines(self, events: AsyncGenerator[Event, None]) -> AsyncIterator[str]:
        try:
            async with aclosing(events):
                async for event in events:
                    for line in self.writer.add(event):
                        yield in_line(self._finished(line) if line["done"] else line)
        except AppError as err:  # too late for a status: the stream itself says what went wrong
            yield in_line({"error": str(err)})

    def _finished(self, last: Json) -> Json:
        """Return the last object with what its route adds to it."""
        return last

    @property
    def _context_length(self) -> int | None:
        ready = self.conversations.client.ready(self.card.modality, self.card.id)
        return ready.context_length if ready else None

    def _headers(self) -> dict[str, str]:
        others = self.body.model_extra or {}
        unknown = [key for key, value in others.items() if value or key not in SWITCHES]
        named = options.ignored(self.body.options, self._context_length)
        headers = ignored_header([*self.ignored, *unknown, *named])
        return {**headers, **({DROPPED: str(self.num_dropped)} if self.num_dropped else {})}


def ignored_header(names: Iterable[str]) -> dict[str, str]:
    """Return the header that names what is not followed; none if everything is."""
    plain = [re.sub(r"[^\w.-]", "?", name, flags=re.ASCII)[:MAX_NAME_CHARS] for name in names]
    return {IGNORED: ", ".join(plain[:MAX_NAMED])} if plain else {}


def in_line(body: Json) -> str:
    """Return one line of a stream."""
    return json.dumps(body, ensure_ascii=False) + "\n"


async def hold(
    client: Client, card: ModelCard, keep_s: float | None, connection: fastapi.Request
) -> bool:
    """Have a model in memory for `keep_s` seconds after now; 0: let it go. Returns whether it is there.

    Raises: AppError.
    """
    loaded = client.loaded(card.modality)
    is_leaving = keep_s == 0
    if is_leaving and (loaded is None or loaded.id != card.id):
        return False
    request = LoadModel(model=card.id, modality=card.modality, keep_s=keep_s)
    await collect(client, request, connection)
    return not is_leaving
