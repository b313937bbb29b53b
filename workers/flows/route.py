"""Answer with the local model; ask a stronger one only where the first finds its answer bad.

The judge is the local model itself, and sees the question it has just answered. Both answers are
shown where there are two; the conversation goes on with the better one alone.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace

from workers.client import Client
from workers.messages import (
    NO_THOUGHTS,
    ChatMessage,
    Event,
    Finished,
    Generate,
    SamplingParams,
    TextDelta,
    Usage,
)
from workers.messages.errors import AppError

SAMPLING = SamplingParams(temperature=0.2, top_p=0.95, top_k=40, max_tokens=2048)
JUDGE_TOKENS = 3
GOOD = "good quality"
"""What the judgement must contain, in any case, for the local answer to stand."""
JUDGE = (
    "Judge the answer to the question below. Reply with exactly two words: "
    "“good quality” if it is right and complete, “bad quality” if not.\n\n"
    "Question:\n{question}\n\nAnswer:\n{answer}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Event):
    """What to ask, and whom; the request id is that of every event of the flow."""

    messages: tuple[ChatMessage, ...]
    """The conversation; its last turn is the question."""
    stronger: str
    """Id of the card that is asked second: usually a remote one."""
    local: str | None = None
    """Id of the card that answers first and judges; None: the modality's default."""
    sampling: SamplingParams = SAMPLING


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering(Event):
    """The TextDeltas from here on are the answer of this model."""

    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged(Event):
    """What the local model thinks of its own answer."""

    is_good: bool
    judgement: str
    """Its words, at most three tokens of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed(Event):
    """The end result."""

    answer: str
    """What the conversation goes on with."""
    shown: str
    """Markdown for people: both answers, under a heading each, where there are two."""
    model: str
    """Id of the card whose answer it is."""
    note: str = ""
    """For people: why the stronger model did not answer although it was asked."""


async def route(client: Client, ask: Route) -> AsyncGenerator[Event, None]:
    """Yield Answering, TextDelta…, Judged, perhaps Answering and TextDelta… again, Routed, Finished.

    A stronger model that fails leaves the local answer standing, with a note. Closing it stops
    whichever model is at work. Raises: AppError if the local model fails or a card is unknown.
    """
    run = _RouteRun(client, ask)
    async with aclosing(run.events()) as events:
        async for event in events:
            yield replace(event, request_id=ask.request_id)


class _RouteRun:
    """One run of the flow: what has been said and spent so far."""

    def __init__(self, client: Client, ask: Route) -> None:
        self._client = client
        self._ask = ask
        self._text = ""
        self._usages: list[Usage] = []
        self._end = Finished(request_id="")

    async def events(self) -> AsyncGenerator[Event, None]:
        card = self._client.models.get(self._ask.stronger, "text")
        local = self._ask.local or self._client.card("text").id
        async for event in self._answer(local):
            yield event
        first = self._text
        if self._end.reason == "cancelled":
            yield self._end
            return
        is_good, judgement = await self._judge(first)
        yield Judged(request_id="", is_good=is_good, judgement=judgement)
        result = Routed(request_id="", answer=first, shown=first, model=local)
        if not is_good:
            try:
                async for event in self._answer(card.id):
                    yield event
                shown = shown_both(card.name, card.origin, self._text, first)
                result = Routed(request_id="", answer=self._text, shown=shown, model=card.id)
            except AppError as err:
                result = replace(result, note=f"{card.name} could not be asked: {err}")
        yield result
        yield replace(self._end, usage=total(self._usages))

    async def _answer(self, model: str) -> AsyncGenerator[Event, None]:
        """The answer of one model to the whole conversation; kept in `_text` and `_end`."""
        ask, text = self._ask, ""
        yield Answering(request_id="", model=model)
        request = Generate(messages=ask.messages, sampling=ask.sampling, model=model)
        async with aclosing(self._client.astream(request)) as events:
            async for event in events:
                if isinstance(event, Finished):
                    self._text, self._end = text, event
                    self._usages.append(event.usage)
                    return
                if isinstance(event, TextDelta):
                    text += event.text
                yield event

    async def _judge(self, answer: str) -> tuple[bool, str]:
        question = self._ask.messages[-1].text
        asked = ChatMessage(role="user", text=JUDGE.format(question=question, answer=answer))
        sampling = replace(self._ask.sampling, temperature=0.0, max_tokens=JUDGE_TOKENS)
        events = await self._client.arun(
            Generate(
                messages=(asked,), sampling=sampling, model=self._ask.local, thinking=NO_THOUGHTS
            )
        )
        judgement = "".join(event.text for event in events if isinstance(event, TextDelta)).strip()
        self._usages += [event.usage for event in events if isinstance(event, Finished)]
        return GOOD in judgement.lower(), judgement


def shown_both(name: str, origin: str, better: str, local: str) -> str:
    """Return both answers under a heading each; OpenAI's models go by their maker's name."""
    who = "OpenAI" if "openai" in f"{name} {origin}".lower() else name
    return f"## {who} response\n\n{better}\n\n## Local model response\n\n{local}"


def total(usages: list[Usage]) -> Usage:
    """Return what several requests cost together."""
    return Usage(
        prompt_tokens=sum(usage.prompt_tokens for usage in usages),
        cached_tokens=sum(usage.cached_tokens for usage in usages),
        completion_tokens=sum(usage.completion_tokens for usage in usages),
        prefill_s=sum(usage.prefill_s for usage in usages),
        decode_s=sum(usage.decode_s for usage in usages),
    )
