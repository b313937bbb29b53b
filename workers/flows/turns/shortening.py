"""What a chat wants done with a conversation that does not fit: refused, its beginning left out, or summed up."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from dataclasses import replace

from workers.client import Client
from workers.messages import Event
from workers.messages.errors import AppError

from .events import Noted
from .fitting import (
    answer_tokens,
    expected_tokens,
    kept_left_out,
    left_out_before,
    shorter,
)
from .preparing import Preparation
from .prompting import TurnPrompt, fewer_passages
from .summarising import summarise

log = logging.getLogger("quintet.turns")


class Shortening:
    """A prompt that becomes shorter, step by step; at each it says what is left out."""

    def __init__(self, client: Client, ready: Preparation) -> None:
        self._client, self._ready = client, ready
        self._when_full = ready.prompt.options.when_full
        self._next: int | None = None
        self.prompt: TurnPrompt = ready.prompt
        self.is_stopped = False
        """Whether somebody has stopped it while the model was summing up."""

    async def begin(self) -> AsyncGenerator[Event, None]:
        """Leave out what an earlier answer has left out, and what surely has no room now. Raises: AppError."""
        if self._when_full == "ask":
            return
        num_left_out, summary = left_out_before(
            self.prompt.path, self._when_full, self._ready.window()
        )
        self.prompt = replace(self.prompt, num_left_out=num_left_out, summary=summary)
        new_chars = len(self.prompt.turns()[-1].text)
        tokens = expected_tokens(self.prompt.path, self._ready.card.id, new_chars)
        is_over = tokens + answer_tokens(self._ready.window()) > self._ready.window()
        self._next = self._shorter(tokens) if is_over and tokens else None
        if self._next is not None:
            async for event in self.go_on():
                yield event
        elif num_left_out:
            yield self._noted()

    def can_go_on(self, num_tokens: int) -> bool:
        """Return whether a prompt of so many tokens (0: unknown), which did not fit, can be made shorter."""
        self._next = None if self._when_full == "ask" else self._shorter(num_tokens)
        return self._next is not None or len(self.prompt.passages) > 1

    async def go_on(self) -> AsyncGenerator[Event, None]:
        """Make it shorter, and say how. Raises: AppError."""
        if self._next is None:
            self.prompt = fewer_passages(self.prompt)
            yield self._noted_passages()
            return
        summary = self.prompt.summary
        if self._when_full == "summarise":
            found: list[str] = []
            async for event in self._summarised(found):
                yield event
            if self.is_stopped:
                return
            summary = found[0]
        self.prompt = replace(self.prompt, num_left_out=self._next, summary=summary)
        yield self._noted()

    def _shorter(self, num_tokens: int) -> int | None:
        num_chars = sum(len(turn.text) for turn in self.prompt.turns())
        return shorter(
            self.prompt.path,
            self.prompt.num_left_out,
            num_tokens,
            num_chars,
            self._ready.window(),
        )

    async def _summarised(self, found: list[str]) -> AsyncGenerator[Event, None]:
        """Yield how far it is; a model that cannot do it leaves the beginning out without a summary."""
        path, start = self.prompt.path, self.prompt.num_left_out
        try:
            async for event in summarise(
                self._client,
                self._ready.card.id,
                path[start : self._next],
                self.prompt.summary,
                self._ready.window(),
                found,
            ):
                yield event
            self.is_stopped = not found
        except AppError as err:
            log.warning("a conversation was not summed up: %s", err)
            found.append(self.prompt.summary)

    def _noted(self) -> Noted:
        prompt = self.prompt
        left_out = kept_left_out(
            prompt.path, prompt.num_left_out, prompt.summary, self._ready.window()
        )
        return Noted(request_id="", details={"left_out": left_out})

    def _noted_passages(self) -> Noted:
        return self._ready.noted_passages(len(self.prompt.passages))
