"""The Text tab: a chat that streams, stops, and can be taken back, changed and asked again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass, fields, replace
from typing import Any

import gradio as gr

from configs.settings import Settings
from ui.chat_panel import KNOBS, chat_rows, layout_chat, sampling_of
from ui.chat_view import (
    Chat,
    advanced,
    ask,
    ask_again,
    ask_differently,
    can_continue,
    can_retry,
    edit_answer,
    exchange_of_row,
    is_running,
    to_messages,
    turn_page,
    undo,
    version_label,
    write_answer,
)
from ui.receipt import Receipt
from ui.render import error_html, note_html, receipt_html, status_html
from ui.streaming import paced
from workers.client import Client
from workers.messages import Event, Generate, Progress, Queued
from workers.messages.errors import AppError

STOP_TIMEOUT_S = 3.0
"""How long a new chat waits for the old one's answer to stop."""
SETTLE_S = 0.1
"""After an answer's last words, until the browser has them."""

log = logging.getLogger(__name__)

Update = dict[Any, Any]
"""Component → its new value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The tab's components."""

    log: Any
    box: Any
    send: Any
    stop: Any
    clear: Any
    status: Any
    version: Any
    previous: Any
    next: Any
    resume: Any
    retry: Any
    system: Any
    knobs: Sequence[Any]
    reset: Any
    chat: Any
    request_id: Any

    def outputs(self) -> list[Any]:
        """Everything that a handler may change."""
        inputs = {"clear", "system", "knobs", "reset"}
        return [getattr(self, field.name) for field in fields(self) if field.name not in inputs]


class Handlers:
    """What happens on each click; of the chats themselves it holds nothing."""

    def __init__(self, client: Client, parts: Parts) -> None:
        self._client = client
        self._parts = parts
        self._ends: dict[str, asyncio.Event] = {}
        """Request id of each answer that is being written → set once its last words are out."""

    async def on_send(
        self, chat: Chat, text: str, system: str, *knobs: Any
    ) -> AsyncGenerator[Update, None]:
        """Ask what is in the box."""
        if not text.strip():
            yield {self._parts.status: ""}
            return
        if is_running(chat):
            yield {self._parts.status: note_html("Let the answer end, or stop it first.")}
            return
        yield {self._parts.box: ""}
        async with aclosing(self._answer(ask(chat, text.strip()), system, knobs)) as updates:
            async for update in updates:
                yield update

    async def on_example(
        self, event: gr.SelectData, chat: Chat, system: str, *knobs: Any
    ) -> AsyncGenerator[Update, None]:
        """Ask one of the examples."""
        async with aclosing(self._answer(ask(chat, event.value["text"]), system, knobs)) as updates:
            async for update in updates:
                yield update

    async def on_retry(self, chat: Chat, system: str, *knobs: Any) -> AsyncGenerator[Update, None]:
        """Ask the last question again; the older answer stays reachable."""
        if chat:
            async with aclosing(self._answer(ask_again(chat), system, knobs)) as updates:
                async for update in updates:
                    yield update

    async def on_resume(self, chat: Chat, system: str, *knobs: Any) -> AsyncGenerator[Update, None]:
        """Let the model go on where its answer broke off."""
        if chat:
            async with aclosing(self._answer(chat, system, knobs)) as updates:
                async for update in updates:
                    yield update

    async def on_edit(
        self, event: gr.EditData, chat: Chat, system: str, *knobs: Any
    ) -> AsyncGenerator[Update, None]:
        """A changed question is asked; a changed answer is what the model believes it said."""
        row = event.index[0] if isinstance(event.index, (list, tuple)) else event.index
        index = exchange_of_row(chat, row)
        if chat_rows(chat)[row]["role"] == "user":
            changed = ask_differently(chat, index, event.value)
            async with aclosing(self._answer(changed, system, knobs)) as updates:
                async for update in updates:
                    yield update
        else:
            answer = replace(chat[index].answer, text=event.value)
            yield self._at_rest(edit_answer(chat, index, answer))

    def on_stop(self, request_id: str) -> None:
        """Cancel in the engine: the running handler then ends by itself and keeps what was said."""
        self._client.cancel(request_id)

    def on_undo(self, chat: Chat) -> Update:
        """Take the last exchange back into the box."""
        shorter, question = undo(chat)
        return {**self._at_rest(shorter), self._parts.box: question}

    async def on_clear(self, request_id: str) -> Update:
        """Begin a new chat.

        A running answer is stopped and waited for, or its last words would appear in the new chat.
        """
        self._client.cancel(request_id)
        if request_id in self._ends:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._ends[request_id].wait(), STOP_TIMEOUT_S)
            await asyncio.sleep(SETTLE_S)
        return self._at_rest(())

    def on_previous(self, chat: Chat) -> Update:
        """Show the version before."""
        return self._at_rest(turn_page(chat, -1))

    def on_next(self, chat: Chat) -> Update:
        """Show the version after."""
        return self._at_rest(turn_page(chat, +1))

    async def _answer(
        self, chat: Chat, system: str, knobs: Sequence[Any]
    ) -> AsyncGenerator[Update, None]:
        """Stream the last answer of `chat`, from where it stands, and draw it."""
        request = Generate(messages=to_messages(chat, system), sampling=sampling_of(knobs))
        with self._noted(request.request_id):
            yield {self._parts.request_id: request.request_id}
            async with aclosing(self._written(chat, request)) as updates:
                async for update in updates:
                    yield update

    @contextmanager
    def _noted(self, request_id: str) -> Iterator[None]:
        """Keep it known, until its last words are out, that an answer is being written."""
        self._ends[request_id] = end = asyncio.Event()
        try:
            yield
        finally:
            del self._ends[request_id]
            end.set()

    async def _written(self, chat: Chat, request: Generate) -> AsyncGenerator[Update, None]:
        answer = replace(chat[-1].answer, state="running", footer_html="")
        receipt = Receipt()
        yield self._working(write_answer(chat, answer), "")
        try:
            async with aclosing(paced(self._client.astream(request))) as batches:
                async for batch in batches:
                    for event in batch:
                        receipt.see(event)
                    answer = advanced(answer, batch, receipt_html(receipt))
                    yield self._working(write_answer(chat, answer), _line(batch))
        except Exception as err:
            if not isinstance(err, AppError):
                log.exception("the answer failed")
            answer = replace(answer, state="failed", footer_html=error_html(err))
        yield self._at_rest(write_answer(chat, answer))

    def _working(self, chat: Chat, line: str) -> Update:
        parts = self._parts
        return {
            parts.chat: chat,
            parts.log: chat_rows(chat),
            parts.status: line,
            parts.send: gr.Button(visible=False),
            parts.stop: gr.Button(visible=True),
            **self._choices(()),
        }

    def _at_rest(self, chat: Chat) -> Update:
        parts = self._parts
        return {
            parts.chat: chat,
            parts.log: chat_rows(chat),
            parts.status: "",
            parts.send: gr.Button(visible=True),
            parts.stop: gr.Button(visible=False),
            **self._choices(chat),
        }

    def _choices(self, chat: Chat) -> Update:
        """The buttons below the chat: other versions, go on, try again."""
        parts = self._parts
        label = version_label(chat)
        return {
            parts.version: gr.HTML(f"<span>{label}</span>", visible=bool(label)),
            parts.previous: gr.Button(visible=bool(label)),
            parts.next: gr.Button(visible=bool(label)),
            parts.resume: gr.Button(visible=can_continue(chat)),
            parts.retry: gr.Button(visible=can_retry(chat)),
        }


def build_chat_tab(client: Client, settings: Settings) -> None:
    """Lay out the tab and wire it to the client."""
    parts = Parts(**layout_chat(client.card("text")), chat=gr.State(()), request_id=gr.State(""))
    _wire(parts, Handlers(client, parts))


def _wire(parts: Parts, handlers: Handlers) -> None:
    long_work: dict[str, Any] = {
        "outputs": parts.outputs(),
        "concurrency_id": "text",
        "concurrency_limit": 16,
        "show_progress": "hidden",
        "trigger_mode": "once",
        "api_visibility": "private",
    }
    light: dict[str, Any] = {
        "outputs": parts.outputs(),
        "queue": False,
        "show_progress": "hidden",
        "api_visibility": "private",
    }
    how = [parts.system, *parts.knobs]
    gr.on(
        [parts.send.click, parts.box.submit],
        handlers.on_send,
        [parts.chat, parts.box, *how],
        **long_work,
    )
    parts.log.example_select(handlers.on_example, [parts.chat, *how], **long_work)
    gr.on(
        [parts.log.retry, parts.retry.click],
        handlers.on_retry,
        [parts.chat, *how],
        **long_work,
    )
    parts.resume.click(handlers.on_resume, [parts.chat, *how], **long_work)
    parts.log.edit(handlers.on_edit, [parts.chat, *how], **long_work)
    parts.stop.click(handlers.on_stop, parts.request_id, **{**light, "outputs": None})
    parts.log.undo(handlers.on_undo, parts.chat, **light)
    begin_anew = {**long_work, "concurrency_id": "clear"}  # never behind the answers it ends
    gr.on([parts.clear.click, parts.log.clear], handlers.on_clear, parts.request_id, **begin_anew)
    parts.previous.click(handlers.on_previous, parts.chat, **light)
    parts.next.click(handlers.on_next, parts.chat, **light)
    parts.reset.click(
        lambda: [knob.value for knob in KNOBS],
        None,
        list(parts.knobs),
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )


def _line(batch: Sequence[Event]) -> str:
    """The status line: what the request waits for, or how much of a long chat has been read."""
    event = batch[-1]
    return status_html(event) if isinstance(event, (Queued, Progress)) else ""
