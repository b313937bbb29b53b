"""One answer of the Text tab while it is written."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import gradio as gr

from ui.core.parts import start_or_stop
from ui.core.render import receipt_html, status_html
from ui.core.request import RequestRun, Update
from workers.messages import Event, Progress, Queued
from workers.messages.errors import ContextTooLongError

from .layout import ChatParts
from .rows import chat_rows, last_rows
from .view import (
    Chat,
    advanced,
    can_continue,
    can_retry,
    reload_label,
    rows,
    version_label,
    write_answer,
)

STOP_TIMEOUT_S = 3.0
"""How long a new chat waits for the old one's answer to stop."""
SETTLE_S = 0.1
"""After an answer's last words, until the browser has them."""


class AnswersUnderWay:
    """Which answers are being written, until their last words are out; of all browsers together."""

    def __init__(self) -> None:
        self._ends: dict[str, asyncio.Event] = {}
        """Request id → set once its last words are out."""

    def begin(self, request_id: str) -> None:
        """Note that an answer is being written."""
        self._ends[request_id] = asyncio.Event()

    def end(self, request_id: str) -> None:
        """Note that nothing more comes of it; without effect for one that never began."""
        if request_id in self._ends:
            self._ends.pop(request_id).set()

    async def wait_for(self, request_id: str) -> None:
        """Wait until a browser has an answer's last words, for `STOP_TIMEOUT_S` at most."""
        if request_id not in self._ends:
            return
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._ends[request_id].wait(), STOP_TIMEOUT_S)
        await asyncio.sleep(SETTLE_S)


class ChatRun(RequestRun):
    """The last answer of a chat, from where it stands to its end."""

    def __init__(
        self,
        parts: ChatParts,
        chat: Chat,
        request_id: str,
        under_way: AnswersUnderWay,
        at_begin: Update,
    ) -> None:
        """`at_begin` is drawn besides, with the first update."""
        super().__init__()
        self._parts = parts
        self._chat = chat
        self._answer = replace(chat[-1].answer, state="running", footer_html="", offer=None)
        self._request_id = request_id
        self._under_way = under_way
        self._at_begin = at_begin
        self._start = len(rows(chat[:-1]))
        self._line = ""

    def begun(self) -> Update:
        """The question, and an answer without words."""
        self._under_way.begin(self._request_id)
        first = {self._parts.request_id: self._request_id, **self._at_begin}
        chat = write_answer(self._chat, self._answer)
        return {
            self._parts.chat: chat,
            self._parts.log: chat_rows(chat),
            self._parts.status: "",
            **start_or_stop(self._parts.send, self._parts.stop, is_running=True),
            **_choices(self._parts, ()),
            **first,
        }

    def advanced(self, batch: Sequence[Event]) -> Update:
        """The answer so far, and what it waits for."""
        self._answer = advanced(self._answer, batch, receipt_html(self.receipt))
        chat, line = write_answer(self._chat, self._answer), _line(batch)
        update = {self._parts.chat: chat, self._parts.log: last_rows(chat, self._start)}
        if line != self._line:
            update[self._parts.status] = self._line = line
        return update

    def refused(self, error: Exception) -> Exception:
        """Keep what is offered to a question that did not fit: a button takes it here, not a command."""
        if not isinstance(error, ContextTooLongError) or error.offer is None:
            return error
        self._answer = replace(self._answer, offer=error.offer)
        plan = error.offer.plan.rstrip(".")
        hint = f"Shorten the message, or load the model with a longer context ({plan})."
        return ContextTooLongError(error.message, hint if error.offer.fits else error.hint)

    def failed(self, error: str) -> Update:
        """What was written stays; the error stands below it."""
        self._answer = replace(self._answer, state="failed", footer_html=error)
        return self._at_rest()

    async def ended(self) -> Update:
        """The whole answer, with its receipt."""
        return self._at_rest()

    def close(self) -> None:
        """Its last words are out."""
        self._under_way.end(self._request_id)

    def _at_rest(self) -> Update:
        return chat_at_rest(self._parts, write_answer(self._chat, self._answer))


def chat_at_rest(parts: ChatParts, chat: Chat) -> Update:
    """Return the page of a chat in which nothing is being written."""
    return {
        parts.chat: chat,
        parts.log: chat_rows(chat),
        parts.status: "",
        **start_or_stop(parts.send, parts.stop, is_running=False),
        **_choices(parts, chat),
    }


def _choices(parts: ChatParts, chat: Chat) -> Update:
    """The buttons below the chat: other versions, go on, try again, with a longer context."""
    label = version_label(chat)
    return {
        parts.version: gr.HTML(f"<span>{label}</span>", visible=bool(label)),
        parts.previous: gr.Button(visible=bool(label)),
        parts.next: gr.Button(visible=bool(label)),
        parts.resume: gr.Button(visible=can_continue(chat)),
        parts.retry: gr.Button(visible=can_retry(chat)),
        parts.reload: gr.Button(reload_label(chat), visible=bool(reload_label(chat))),
    }


def _line(batch: Sequence[Event]) -> str:
    """The status line: what the request waits for, or how much of a long chat has been read."""
    event = batch[-1]
    return status_html(event) if isinstance(event, (Queued, Progress)) else ""
