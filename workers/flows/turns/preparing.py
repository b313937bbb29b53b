"""What comes before a model's words: files are read, documents searched, and all of it becomes a prompt."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace

from configs.catalogue import ModelCard
from workers.chats.records import Message
from workers.client import Client
from workers.flows.documents import CHARS_PER_TOKEN, SMALL_MODEL_M, SMALL_MODEL_PASSAGES
from workers.flows.off_topic import off_topic
from workers.messages import Event, Finished, Media, TextDelta

from .ask import TurnAsk
from .attached.reading import FileReading
from .attached.stage import Reader, attached_to, read_files, whole_text_chars
from .attached.words import DEFAULT_QUESTION
from .events import Noted
from .fitting import DEFAULT_CONTEXT, answer_tokens
from .prompting import TurnPrompt
from .sources import Search, kept_search, kept_sources, search, to_search
from .standalone import rewrite

REFUSED = "Not in these documents: no passage of {names} is about this question."
EMPTY = "Not in these documents: {names} has no documents yet."
TOO_SMALL = "a model this small loses the thread in more"
TOO_LONG = "they did not fit its context"


class Preparation:
    """One answer before its first word: `run` it, then look at `prompt` or `end`."""

    def __init__(self, client: Client, ask: TurnAsk) -> None:
        """Raises: UnknownModelError."""
        model = ask.options.model
        self.card: ModelCard = client.models.get(model, "text") if model else client.card("text")
        self.readings: list[FileReading] = attached_to(ask.path)
        self.prompt = TurnPrompt(
            path=ask.path,
            options=ask.options,
            readings=self.readings,
            is_for_a_small_model=0 < self.card.parameters_m < SMALL_MODEL_M,
        )
        self.end: Finished | None = None
        """Why no model is asked: it was stopped, or the documents have no answer; what has to be said of it
        was yielded."""
        self.found: Search | None = None
        """What was searched; None: nothing."""
        self._client, self._ask = client, ask

    def window(self) -> int:
        """Return the tokens of one conversation with the model that answers, as it is loaded now."""
        ready = self._client.ready("text", self.card.id)
        known = ready.context_length if ready else self.card.context_length
        return known or DEFAULT_CONTEXT

    def noted_passages(self, num_used: int) -> Noted:
        """Return that the model gets fewer passages than were found, for want of room."""
        found = self.found or Search(collections={})
        return noted_sources(found, num_used, TOO_LONG)

    @property
    def question(self) -> Message:
        """What is asked."""
        return self.prompt.question

    async def run(self) -> AsyncGenerator[Event, None]:
        """Yield how far it is, and what is to be noted. Raises: AppError."""
        async for event in self._read():
            yield event
        if self.end is None:
            async for event in self._search():
                yield event

    def pictures(self) -> tuple[Media, ...]:
        """Return what the answering model looks at itself. Raises: NotFoundError."""
        files = self._ask.files
        return tuple(one.media(files) for one in self.readings if one.is_seen and files is not None)

    async def _read(self) -> AsyncGenerator[Event, None]:
        files = self._ask.files
        if files is None or not self.readings:
            return
        reader = Reader(
            client=self._client,
            files=files,
            question=self.question.text.strip() or DEFAULT_QUESTION,
            whole_chars=whole_text_chars(self.window(), CHARS_PER_TOKEN),
            seen_by=self.card.name if self._looks_itself else "",
        )
        async for event in read_files(reader, self._ask.path, self.readings):
            yield event
        if any(one.is_stopped for one in self.readings):
            self.end = Finished(request_id="", reason="cancelled")

    @property
    def _looks_itself(self) -> bool:
        """Tools and formats go with words alone: then the pictures are described for the model."""
        options = self._ask.options
        return self.card.sees and not options.tools and options.answer_schema is None

    async def _search(self) -> AsyncGenerator[Event, None]:
        options = self._ask.options
        wanted = Search(collections=to_search(options.collections, self.readings, self._ask.files))
        if not wanted.collections:
            return
        path = [*self._ask.path[: self._ask.path.index(self.question)], self.question]
        queries: list[str] = []
        async for event in rewrite(self._client, self.card, path, queries):
            yield event
        if queries:
            wanted.query = queries[0] or DEFAULT_QUESTION
            wanted.is_rewritten = bool(queries[0]) and queries[0] != self.question.text.strip()
            async for event in search(self._client, wanted):
                yield event
        if not queries or wanted.is_stopped:
            self.end = Finished(request_id="", reason="cancelled")
            return
        for event in self._judged(wanted):
            yield event

    def _judged(self, found: Search) -> list[Event]:
        """Put the passages into the prompt, or refuse; returns what is to be said of it."""
        self.found = found
        has_files = any(one.is_read for one in self.readings)
        if has_files or self._has_answer(found):
            num_used, why = self._fitting(found)
            self.prompt = replace(self.prompt, passages=found.passages[:num_used])
            has_history = self.question is not self.prompt.path[0]
            is_alone = self.prompt.is_alone and has_history
            return [noted_sources(found, num_used, why, is_alone=is_alone)]
        if self._ask.options.answers_anyway:
            return [noted_sources(found, 0, "they are about something else")]
        self.end = Finished(request_id="")
        names = ", ".join(f"“{name}”" for name in found.names)
        text = (REFUSED if found.found else EMPTY).format(names=names)
        refused = Noted(request_id="", details={"is_refused": True})
        return [
            noted_sources(found, 0, "no passage is about the question"),
            refused,
            TextDelta(request_id="", text=text),
        ]

    def _has_answer(self, found: Search) -> bool:
        return bool(found.found) and not (found.grounds and all(map(off_topic, found.grounds)))

    def _fitting(self, found: Search) -> tuple[int, str]:
        """Return how many passages the model gets, and why the others are left out."""
        said = sum(len(turn.text) for turn in self.prompt.turns())
        tokens = self.window() - answer_tokens(self.window())
        room, num_fitting = tokens * CHARS_PER_TOKEN - said, 0
        for passage in found.passages:
            room -= len(passage.text) + len("[1] \n\n")
            if room < 0:
                break
            num_fitting += 1
        num_fitting = max(1, num_fitting)
        if self.prompt.is_for_a_small_model and num_fitting > SMALL_MODEL_PASSAGES:
            return SMALL_MODEL_PASSAGES, TOO_SMALL
        return num_fitting, "" if num_fitting >= len(found.found) else TOO_LONG


def noted_sources(found: Search, num_used: int, why: str, *, is_alone: bool = False) -> Noted:
    """Return what was searched and found, as it is kept with the answer.

    `is_alone`: the model gets it without the conversation before.
    """
    searched = {**kept_search(found), "num_used": num_used, "why": why, "is_alone": is_alone}
    return Noted(
        request_id="", details={"sources": kept_sources(found, num_used), "search": searched}
    )
