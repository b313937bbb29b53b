"""One answer on its way: written down before it is shown, whoever looks, and until it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace

from workers.chats.own_chats import OwnChats
from workers.chats.records import MessageState
from workers.client import StopSwitch
from workers.flows.pacing import paced
from workers.messages import Event
from workers.messages.errors import AppError, NotFoundError

from .answer import LiveAnswer, advanced, end_in, ended

log = logging.getLogger("quintet.turns")

WRITE_S = 0.04
"""Between two writes of what has come, and so between two updates of a page: at most 25 a second."""
STOP_S = 5.0
"""How long a way may take to end after Stop before it is ended."""
AGAIN_S = 10.0
"""Until what could not be kept at its end is tried once more."""
MAX_TRIES = 360
"""An hour: then nobody will make room any more."""
UNFORESEEN = "Something unexpected happened: {error}"


class Turn:
    """One answer that is being written. Lives on one event loop."""

    def __init__(self, own: OwnChats, chat: str, answer: LiveAnswer) -> None:
        self.chat = chat
        self.own = own
        """The chats among which it is kept."""
        self.switch = StopSwitch()
        self._answer = answer
        self._is_new = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def answer(self) -> LiveAnswer:
        """What has come so far."""
        return self._answer

    def begin(self, events: AsyncGenerator[Event, None]) -> asyncio.Task[None]:
        """Read the events to their end, in a task of their own."""
        self._task = asyncio.create_task(self._run(events))
        return self._task

    def stop(self) -> None:
        """End what is under way, in good order; what has come stays."""
        self.switch.press()
        asyncio.get_running_loop().call_later(STOP_S, self._end_task)

    async def keep_trying(self) -> None:
        """Keep what could not be kept at its end, as soon as the disk has room again."""
        for _ in range(MAX_TRIES):
            if not self._answer.not_kept:
                return
            await asyncio.sleep(AGAIN_S)
            self._end(self._answer)

    async def wait(self) -> LiveAnswer:
        """Return the answer at its end."""
        if self._task is not None:
            with suppress(asyncio.CancelledError):
                await asyncio.shield(self._task)
        return self._answer

    async def follow(self) -> AsyncGenerator[LiveAnswer, None]:
        """Yield the answer as it is now, then whenever it has changed; ends with it.

        Who reads slowly misses moments, never words. Closing it stops nothing.
        """
        while True:
            is_new, answer = self._is_new, self._answer
            yield answer
            if not answer.is_running:
                return
            await is_new.wait()

    async def _run(self, events: AsyncGenerator[Event, None]) -> None:
        try:
            async with aclosing(paced(events, WRITE_S)) as batches:
                async for batch in batches:
                    self._take(batch)
            if self._answer.is_running:  # a way that forgot its end
                self._end(ended(self._answer, "stop"))
        except (
            asyncio.CancelledError
        ):  # by Stop, whose way did not end in time, or as the server ends
            state: MessageState = "cancelled" if self.switch.is_pressed else "interrupted"
            self._end(ended(self._answer, state))
        except AppError as err:
            self._end(ended(self._answer, "failed", err))
        except Exception as err:
            log.exception("an answer ended in an error that nobody foresaw")
            error = AppError(UNFORESEEN.format(error=str(err) or type(err).__name__))
            self._end(ended(self._answer, "failed", error))

    def _take(self, batch: Sequence[Event]) -> None:
        before, now = self._answer.message, advanced(self._answer, batch)
        if (end := end_in(batch)) is not None:
            self._end(ended(now, end.reason))
            return
        try:
            self._note_asides(now)
            if now.message.text.startswith(before.text):
                text = now.message.text[len(before.text) :]
                self.own.write(before.id, text, now.message.thought[len(before.thought) :])
            else:
                self.own.rewrite(before.id, now.message.text)
            if now.message.details != before.details:
                self.own.note(before.id, now.message.details)
        except AppError as err:
            now = _not_kept(now, err)
        self._publish(now)

    def _note_asides(self, now: LiveAnswer) -> None:
        """Raises: AppError."""
        for message, details in now.asides.items():
            if details != self._answer.asides.get(message):
                self.own.note(message, details)

    def _end(self, answer: LiveAnswer) -> None:
        try:
            self._note_asides(answer)
            self.own.end_answer(answer.message)
            answer = replace(answer, not_kept="")  # also what failed on the way is there now
        except NotFoundError:  # its chat has gone for good: there is nothing to keep
            answer = replace(answer, not_kept="")
        except AppError as err:
            answer = _not_kept(answer, err)
        self._publish(answer)

    def _publish(self, answer: LiveAnswer) -> None:
        self._answer = answer
        is_new, self._is_new = self._is_new, asyncio.Event()
        is_new.set()

    def _end_task(self) -> None:
        if self._task is not None:
            self._task.cancel()


def _not_kept(answer: LiveAnswer, error: AppError) -> LiveAnswer:
    """Say that what is shown is not kept; the first reason stays."""
    if answer.not_kept:
        return answer
    return replace(answer, not_kept=str(error))
