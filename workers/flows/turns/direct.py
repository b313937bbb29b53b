"""The way that asks one model once: what is attached is read, documents are searched, it is made to fit."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from workers.client import Client
from workers.flows.citations import cite
from workers.flows.likeness import likeness_of
from workers.messages import Event, Finished, TextDelta, ThoughtDelta, ToolCallDelta
from workers.messages.errors import ContextTooLongError

from .ask import TurnAsk
from .events import Noted, Rewritten
from .looking import look
from .preparing import Preparation
from .prompting import TurnPrompt
from .recalled import note_of
from .shortening import Shortening
from .speaking import speak

ABOUT_PICTURES = "Where a picture is asked about, tools are not called and no format is kept."
BEGUN = (TextDelta, ThoughtDelta, ToolCallDelta, Noted, Rewritten)
"""After one of these, nothing is tried again."""


async def answer_directly(client: Client, ask: TurnAsk) -> AsyncGenerator[Event, None]:
    """Yield what comes of it. Raises: AppError."""
    ready = Preparation(client, ask)
    async with aclosing(ready.run()) as events:
        async for event in events:
            yield event
    if ready.end is not None:
        yield ready.end
        return
    async with aclosing(_fitted(client, ask, ready)) as events:
        async for event in events:
            yield event


async def _fitted(client: Client, ask: TurnAsk, ready: Preparation) -> AsyncGenerator[Event, None]:
    """Yield the answer to a prompt that is made shorter until it fits. Raises: AppError."""
    shortening = Shortening(client, ready)
    async for event in shortening.begin():
        yield event
    while not shortening.is_stopped:
        has_begun = False
        try:
            async with aclosing(_said(client, ask, ready, shortening.prompt)) as events:
                async for event in events:
                    has_begun = has_begun or isinstance(event, BEGUN)
                    yield event
            return
        except ContextTooLongError as err:
            if has_begun or not shortening.can_go_on(err.num_tokens):
                raise
        async for event in shortening.go_on():
            yield event
    yield Finished(request_id="", reason="cancelled")


async def _said(
    client: Client, ask: TurnAsk, ready: Preparation, prompt: TurnPrompt
) -> AsyncGenerator[Event, None]:
    """Yield a model's answer, at its end with citations and how full the context is. Raises: AppError."""
    asked, turns, pictures = replace(ask, options=prompt.chosen()), prompt.turns(), ready.pictures()
    said = look(client, asked, turns, pictures) if pictures else speak(client, asked, turns)
    text = ask.path[-1].text if ask.path[-1].role == "assistant" else ""
    if pictures and (asked.options.tools or asked.options.answer_schema):
        yield Noted(request_id="", details={"calls_note": ABOUT_PICTURES})
    if not prompt.is_alone and (note := note_of(prompt.kept)):
        yield Noted(request_id="", details={"recalled_note": note})
    async with aclosing(said) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                text += event.text
            elif isinstance(event, Rewritten):
                text = event.text
            elif isinstance(event, Finished):
                for last in (*await _cited(client, text, prompt), *_measured(event, ready)):
                    yield last
            yield event


async def _cited(client: Client, text: str, prompt: TurnPrompt) -> list[Event]:
    """Return an answer from passages with its citations."""
    if not prompt.passages or prompt.options.answer_schema is not None:  # marks are no JSON
        return []
    has_texts = any(one.is_read and not one.is_long for one in prompt.readings)  # may say it too
    marked = cite(text, prompt.passages, await likeness_of(client, text, prompt.passages))
    cited = {
        "cited": list(marked.numbers),
        "is_cited_by_model": marked.is_by_model,
        "unsupported": [] if has_texts else list(marked.unsupported),
        "num_claims": marked.num_claims,
        "num_moved": marked.num_moved,
        "strays": [] if has_texts else list(marked.strays),
    }
    noted = Noted(request_id="", details=cited)
    return [*([] if marked.text == text else [Rewritten(request_id="", text=marked.text)]), noted]


def _measured(end: Finished, ready: Preparation) -> list[Event]:
    """Return how full the model's context is now; nothing if the engine does not count."""
    used = end.usage.prompt_tokens + end.usage.completion_tokens
    if not end.usage.prompt_tokens:
        return []
    context = {"used": used, "window": ready.window(), "model": ready.card.id}
    return [Noted(request_id="", details={"context": context})]
