"""A model with tools: it asks for calls, gets their results, and goes on, until it answers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace

from workers.client import Client
from workers.messages import (
    Constraint,
    Event,
    Finished,
    Generate,
    TextDelta,
    ToolCallDelta,
)
from workers.messages.folds import calls_of, text_of
from workers.messages.requests import new_request_id
from workers.templates.conversation import formats_chat, shows_tools
from workers.tools.records import ChatTool
from workers.tools.toolbox import as_request_tools

from .call_round import CallRound
from .calls import CallRecord, as_turns, new_call_id
from .chat_tools import TurnTools
from .events import Noted
from .parts import total

SHARE = 0.5
"""Of a model's context that all results of an answer may take."""
CHARS_PER_TOKEN = 3.0
DEFAULT_CONTEXT = 4_096
IN_WORDS = (
    "{model} was not made to call tools: it is told of them in words, and may pass them over. "
    "Models whose chat format knows tools do better, such as Qwen3."
)
SILENT = "The model said nothing after its calls. Try again, or a larger model."
TOO_MANY = "{rounds} rounds of calls are run for one answer at most; it was made from those."


class CallingModel:
    """One answer of a model that may call tools on the way to it."""

    def __init__(
        self,
        client: Client,
        access: TurnTools,
        names: Sequence[str],
        request: Generate,
        constraint: Constraint | None = None,
    ) -> None:
        """`names`: of the tools that are chosen; `constraint`: what the answer obeys, calls do not."""
        self._client, self._access, self._names = client, access, names
        self._request, self._constraint = request, constraint
        self._tools: Mapping[str, ChatTool] = {}
        self._heard: list[Event] = []
        """What the model said last: its words and its calls."""
        self._has_said = False
        self._is_due = constraint is not None
        """Whether the model is to answer once more, and call nothing."""
        self._ends: list[Finished] = []
        self._notes: list[str] = []

    async def answer(self) -> AsyncGenerator[Event, None]:
        """Yield the events of all rounds as those of one answer, and Noted for `calls`; one Finished.

        With a constraint, what is said beside calls is left out. Raises: AppError.
        """
        choice = await self._access.shared.box.choose(self._names)
        self._tools = choice.tools
        for sentence in choice.missing:
            yield self._note(sentence)
        async with aclosing(self._rounds()) as events:
            async for event in events:
                yield event
        if self._is_due:
            self._request = replace(self._request, tool_choice="none", constraint=self._constraint)
            async with aclosing(self._speak(is_silent=False)) as events:
                async for event in events:
                    yield event
        if note := self._about_silence():
            yield self._note(note)
        yield self._end()

    async def _rounds(self) -> AsyncGenerator[Event, None]:
        """Ask and call until the model calls nothing more, or has to stop calling."""
        rounds = self._access.shared.settings.max_rounds if self._tools else 0
        is_silent = self._constraint is not None
        for number in range(rounds):
            async with aclosing(self._speak(is_silent=is_silent)) as events:
                async for event in events:
                    yield event
            if number == 0 and (note := self._about_model()):
                yield self._note(note)
            calls = self._wanted()
            if not calls:  # small models end without a word after calls: then they have to say some
                self._is_due |= number > 0 and not text_of(self._heard).strip()
                return
            async with aclosing(self._call(calls)) as events:
                async for event in events:
                    yield event
        self._is_due = True
        if rounds:
            yield self._note(TOO_MANY.format(rounds=rounds))

    async def _speak(self, *, is_silent: bool) -> AsyncGenerator[Event, None]:
        """Yield what is to be shown of one question to the model, and keep all of it."""
        request = replace(
            self._request, request_id=new_request_id(), tools=as_request_tools(self._tools)
        )
        self._heard = []
        async with aclosing(self._client.astream(request)) as events:
            async for event in events:
                if isinstance(event, Finished):
                    self._ends.append(event)
                elif isinstance(event, ToolCallDelta):
                    self._heard.append(event)
                elif not isinstance(event, TextDelta):
                    yield event
                elif is_silent:
                    self._heard.append(event)
                else:
                    is_first = not text_of(self._heard)
                    if is_first and self._has_said:  # a paragraph of its own
                        yield TextDelta(request_id=event.request_id, text="\n\n")
                    self._heard.append(event)
                    self._has_said = True
                    yield event

    async def _call(self, calls: Sequence[CallRecord]) -> AsyncGenerator[Event, None]:
        """Run what the model wants called, and put it into the conversation."""
        run = CallRound(self._access, self._tools, calls)
        async with aclosing(run.run(self._room())) as changes:
            async for _ in changes:
                noted = [call.noted() for call in self._access.calls]
                yield Noted(request_id=self._request.request_id, details={"calls": noted})
        turns = as_turns(text_of(self._heard), run.records)
        self._request = replace(self._request, messages=(*self._request.messages, *turns))

    def _wanted(self) -> list[CallRecord]:
        """Return the calls in what was said last; none after Stop."""
        if self._ends and self._ends[-1].reason == "cancelled":
            return []
        functions = [call["function"] for call in calls_of(self._heard)]
        return [
            CallRecord(
                id=new_call_id(),
                name=function["name"],
                tool=self._tools[function["name"]].id if function["name"] in self._tools else "",
                arguments=function["arguments"],
            )
            for function in functions
        ]

    def _end(self) -> Finished:
        """Return the last end with the cost of all; a model that still wants calls has ended too.

        Each prompt begins with the one before: the last alone is what the model has read.
        """
        last = self._ends[-1]
        reason = "stop" if last.reason == "tool_calls" else last.reason
        usage = replace(
            total([end.usage for end in self._ends]),
            prompt_tokens=last.usage.prompt_tokens,
            cached_tokens=last.usage.cached_tokens,
        )
        return replace(last, reason=reason, usage=usage)

    def _note(self, sentence: str) -> Noted:
        self._notes.append(sentence)
        details = {"calls_note": " ".join(self._notes)}
        return Noted(request_id=self._request.request_id, details=details)

    def _about_model(self) -> str:
        """Return what it means that no tools were made for a model, which is loaded by now; "" if they were."""
        model = self._request.model
        card = self._client.models.get(model, "text") if model else self._client.card("text")
        ready = self._client.ready("text", model)
        if ready is None or {"calls_tools", "shows_tools"} & ready.capabilities:
            return ""
        if card.templates and formats_chat(card.templates) and shows_tools(card.templates):
            return ""
        return IN_WORDS.format(model=card.name)

    def _about_silence(self) -> str:
        """Return what to say of a model that called tools and then answered nothing; "" if it did answer."""
        is_silent = not self._has_said and self._ends[-1].reason != "cancelled"
        return SILENT if is_silent and self._access.calls else ""

    def _room(self) -> float:
        """Return how many characters the results of the next calls may have together."""
        ready = self._client.ready("text", self._request.model)
        tokens = (ready.context_length if ready else 0) or DEFAULT_CONTEXT
        taken = sum(len(call.result) for call in self._access.calls)
        return max(0.0, tokens * SHARE * CHARS_PER_TOKEN - taken)
