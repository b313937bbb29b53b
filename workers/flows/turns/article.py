"""An article: outline, then sections, each with passages that several queries found, then one text.

Every section is written alone, from its own passages; their numbers count through the whole article,
whose end lists them. Without documents it is written from what the model knows, and says so.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from workers.client import Client
from workers.messages import ChatMessage, Event, Passage, TextDelta
from workers.messages.errors import AppError, ContextTooLongError, UnsupportedInputError

from . import article_text as words
from .ask import TurnAsk
from .asking import alone, first_card, of_a_part, question_of, with_options, with_question
from .direct import answer_directly
from .items import items_of
from .parts import FlowRun, FlowStep
from .passages import PassageSearch
from .speaking import speak

MAX_PASSAGES = 6
"""For one section: more crowd out the model's words."""
QUERY_TOKENS = 96
FEWER = "Only {num} of the passages found fit the model's context."
NOTHING_CITED = "No sentence of the article is supported by the documents: it has no sources."
NO_SCHEMA = "An article is Markdown: the JSON schema was not followed."
NO_DOCUMENTS = "No documents were chosen: the article is written without sources."


async def answer_with_article(client: Client, ask: TurnAsk) -> AsyncGenerator[Event, None]:
    """Yield the outline and each section as steps, the article as it grows by them, and one Finished.

    Raises: AppError if the outline fails, or all sections do; UnsupportedInputError without a subject.
    """
    run = _Writing(client, ask)
    async with aclosing(run.events()) as events:
        async for event in events:
            yield event


class _Writing:
    """One run of the flow."""

    def __init__(self, client: Client, ask: TurnAsk) -> None:
        self._client = client
        self._task = question_of(ask).strip()
        if not self._task:
            raise UnsupportedInputError("What the article is to be about is not said.")
        self._collections = ask.options.collections
        self._has_schema = ask.options.answer_schema is not None
        self._style = ask.options.style.strip().rstrip(".")
        self._ask = of_a_part(with_options(ask, collections=(), tools=()))
        self._run = FlowRun("article")
        self._model = first_card(client, ask).id
        self._sources = words.Bibliography()
        self._errors: list[AppError] = []

    async def events(self) -> AsyncGenerator[Event, None]:
        run = self._run
        if self._has_schema:
            yield run.remark(NO_SCHEMA)
        if not self._collections:
            yield run.remark(NO_DOCUMENTS)
        step = run.add("Outline", self._model)
        async for event in self._write_outline(step):
            yield event
        if run.is_stopped:
            yield run.remark("Stopped while the outline was written.")
            yield TextDelta(request_id="", text=step.text)
        else:
            async for event in self._write_all(words.outline_of(step.text, self._task)):
                yield event
        yield run.end()

    async def _write_outline(self, step: FlowStep) -> AsyncGenerator[Event, None]:
        found = PassageSearch(queries=(self._task,), collections=self._collections)
        async for event in self._find(found, step):
            yield event
        if self._run.is_stopped:
            step.state = "stopped"
            return
        fields = {"task": self._task}
        async for event in self._say(step, words.OUTLINE, fields, found.best(MAX_PASSAGES)):
            yield event

    async def _write_all(self, outline: words.ArticleOutline) -> AsyncGenerator[Event, None]:
        run = self._run
        headings = outline.headings or (outline.title,)
        if not outline.headings:
            yield run.remark("The outline has no list of sections: the article has one.")
        if outline.num_dropped:
            yield run.remark(f"{outline.num_dropped} sections of the outline were left out.")
        steps = [run.add(heading, self._model) for heading in headings]
        yield TextDelta(request_id="", text=f"# {outline.title}")
        for number, (heading, step) in enumerate(zip(headings, steps, strict=True)):
            async for event in self._write_section(heading, headings, step):
                yield event
            if run.is_stopped:
                for left in steps[number + 1 :]:
                    left.state = "stopped"
                yield run.remark(f"Stopped at section {number + 1} of {len(steps)}.")
                break
        if len(self._errors) == len(steps):
            raise self._errors[-1]
        if sources := self._sources.as_markdown():
            yield TextDelta(request_id="", text=sources)
        elif self._collections and not run.is_stopped:
            yield run.remark(NOTHING_CITED)
        artifact = {"name": words.file_name(outline.title), "mime": "text/markdown"}
        yield run.noted(artifact=artifact)

    async def _write_section(
        self, heading: str, headings: tuple[str, ...], step: FlowStep
    ) -> AsyncGenerator[Event, None]:
        passages: tuple[Passage, ...] = ()
        found = PassageSearch(queries=(), collections=self._collections)
        try:
            if self._collections:
                async for event in self._look_up(heading, found, step):
                    yield event
                passages = found.best(MAX_PASSAGES)
                searches = len(found.queries)
                step.note = f"{searches} searches, {len(passages)} passages found."
            if self._run.is_stopped:
                step.state = "stopped"
                return
            fields = {
                "task": self._task,
                "heading": heading,
                "outline": "\n".join(f"- {one}" for one in headings),
                "style": words.STYLE.format(style=self._style) if self._style else "",
                "rule": words.RULE if passages else "",
            }
            async for event in self._say(step, words.SECTION, fields, passages):
                yield event
        except AppError as err:  # the other sections do not depend on it
            self._errors.append(err)
            step.state, step.note = "failed", str(err)
            yield self._run.noted()
        text = self._sources.section(step.text, passages, found.where)
        if step.state == "failed":
            text = f"{text}\n\n{words.FAILED.format(error=step.note)}".strip()
        if text:
            yield TextDelta(request_id="", text=f"\n\n## {heading}\n\n{text}")
            step.text = ""  # it is the answer's: kept once
        if sources := self._sources.kept():
            cited = list(range(1, len(sources) + 1))
            yield self._run.noted(sources=sources, cited=cited)
        else:
            yield self._run.noted()

    async def _look_up(
        self, heading: str, found: PassageSearch, step: FlowStep
    ) -> AsyncGenerator[Event, None]:
        """Ask the model for queries, and search with them and the heading itself."""
        asked = FlowStep(title="Queries")
        prompt = words.QUERIES.format(task=self._task, heading=heading)
        turns = (ChatMessage(role="user", text=prompt),)
        wishes = alone(self._ask, temperature=0.0, max_tokens=QUERY_TOKENS)
        step.state, step.note = "running", "Thinks of searches"
        async for event in self._run.take(asked, speak(self._client, wishes, turns), is_aside=True):
            yield event
        queries = items_of(asked.text)[: words.MAX_QUERIES]
        found.queries = tuple(dict.fromkeys((heading, *queries)))
        step.note = f"Searches for {', '.join(f'“{query}”' for query in found.queries)}"
        async for event in self._find(found, step):
            yield event

    async def _find(self, found: PassageSearch, step: FlowStep) -> AsyncGenerator[Event, None]:
        if self._run.is_stopped or not found.collections:
            return
        step.state = "running"
        yield self._run.noted()
        async with aclosing(found.events(self._client)) as events:
            async for event in events:
                yield event
        if found.end is not None:
            self._run.see(found.end, is_aside=True)

    async def _say(
        self, step: FlowStep, prompt: str, fields: dict[str, str], passages: tuple[Passage, ...]
    ) -> AsyncGenerator[Event, None]:
        """The answer to a prompt with as many of its passages as fit the model's context."""
        while True:
            text = prompt.format(**fields, passages=words.numbered(passages))
            events = answer_directly(self._client, with_question(self._ask, text))
            try:
                async for event in self._run.take(step, events):
                    yield event
            except ContextTooLongError:
                if not passages:
                    raise
                passages = passages[: len(passages) // 2]
                step.note = FEWER.format(num=len(passages))
            else:
                return
