"""What happens on each click of the Text tab: ask, stop, take back, change, ask again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import gradio as gr

from ui.core.callers import caller_of
from ui.core.render import note_html
from ui.core.request import Steps, Update, Updates, error_line, refused, run_request, streamed
from workers.client import Client
from workers.messages import Generate, new_request_id
from workers.messages.context_offer import ContextOffer
from workers.messages.errors import AppError

from .knobs import wishes_of
from .layout import ChatParts
from .rows import chat_rows
from .run import AnswersUnderWay, ChatRun, chat_at_rest
from .view import (
    Chat,
    ask,
    ask_again,
    ask_differently,
    edit_answer,
    exchange_of_row,
    is_running,
    to_messages,
    turn_page,
    undo,
)

RELOAD = "load a model anew"


class ChatHandlers:
    """One method per event; of the chats themselves it holds nothing."""

    def __init__(self, client: Client, parts: ChatParts) -> None:
        self._client = client
        self._parts = parts
        self._under_way = AnswersUnderWay()

    @streamed
    def on_send(self, chat: Chat, text: str, system: str, *knobs: Any) -> Steps:
        """Ask what is in the box."""
        if not text.strip():
            yield {self._parts.status: ""}
        elif is_running(chat):
            yield {self._parts.status: note_html("Let the answer end, or stop it first.")}
        else:
            yield self._answer(ask(chat, text.strip()), system, knobs, {self._parts.box: ""})

    @streamed
    def on_example(self, event: gr.SelectData, chat: Chat, system: str, *knobs: Any) -> Steps:
        """Ask one of the examples."""
        yield self._answer(ask(chat, event.value["text"]), system, knobs)

    @streamed
    def on_retry(self, chat: Chat, system: str, *knobs: Any) -> Steps:
        """Ask the last question again; the older answer stays reachable."""
        yield self._answer(ask_again(chat), system, knobs) if chat else self._unchanged()

    @streamed
    def on_resume(self, chat: Chat, system: str, *knobs: Any) -> Steps:
        """Let the model go on where its answer broke off."""
        yield self._answer(chat, system, knobs) if chat else self._unchanged()

    @streamed
    def on_reload(self, request: gr.Request, chat: Chat, system: str, *knobs: Any) -> Steps:
        """Load the model with the longer context that was offered, and ask the last question again."""
        offer = chat[-1].answer.offer if chat else None
        refusal = caller_of(request).refusal(RELOAD)
        if offer is None or refusal:
            yield {self._parts.status: note_html(refusal) if refusal else gr.skip()}
        else:
            yield self._reloaded(offer, chat, system, knobs)

    @streamed
    def on_edit(self, event: gr.EditData, chat: Chat, system: str, *knobs: Any) -> Steps:
        """A changed question is asked; a changed answer is what the model believes it said."""
        row = event.index[0] if isinstance(event.index, (list, tuple)) else event.index
        index = exchange_of_row(chat, row)
        changed = chat_rows(chat)[row]
        if "metadata" in changed:  # a thought is no part of the conversation
            yield chat_at_rest(self._parts, chat)
        elif changed["role"] == "user":
            yield self._answer(ask_differently(chat, index, event.value), system, knobs)
        else:
            answer = replace(chat[index].answer, text=event.value)
            yield chat_at_rest(self._parts, edit_answer(chat, index, answer))

    def on_stop(self, request_id: str) -> None:
        """Cancel in the engine: the running handler then ends by itself and keeps what was said."""
        self._client.cancel(request_id)

    def on_undo(self, chat: Chat) -> Update:
        """Take the last exchange back into the box."""
        shorter, question = undo(chat)
        return {**chat_at_rest(self._parts, shorter), self._parts.box: question}

    async def on_clear(self, request_id: str) -> Update:
        """Begin a new chat.

        A running answer is stopped and waited for, or its last words would appear in the new chat.
        """
        self._client.cancel(request_id)
        await self._under_way.wait_for(request_id)
        return chat_at_rest(self._parts, ())

    def on_previous(self, chat: Chat) -> Update:
        """Show the version before."""
        return chat_at_rest(self._parts, turn_page(chat, -1))

    def on_next(self, chat: Chat) -> Update:
        """Show the version after."""
        return chat_at_rest(self._parts, turn_page(chat, +1))

    def _answer(
        self, chat: Chat, system: str, knobs: Sequence[Any], at_begin: Update | None = None
    ) -> Updates:
        """Stream the last answer of `chat`, from where it stands, and draw it."""
        try:
            sampling, thinking = wishes_of(self._client.card("text"), knobs)
            messages = to_messages(chat, system)
            request = Generate(messages=messages, sampling=sampling, thinking=thinking)
            request_id, events = request.request_id, self._client.astream(request)
        except AppError as err:  # its card says what is no sampling
            request_id, events = new_request_id(), refused(err)
        run = ChatRun(self._parts, chat, request_id, self._under_way, at_begin or {})
        return run_request(events, run)

    async def _reloaded(
        self, offer: ContextOffer, chat: Chat, system: str, knobs: Sequence[Any]
    ) -> Updates:
        try:
            use = self._client.manager.use
            await asyncio.to_thread(use, offer.model_id, offer.tokens)
        except Exception as err:  # noqa: BLE001 — the edge of the page
            yield {self._parts.status: error_line(err)}
            return
        async with aclosing(self._answer(ask_again(chat), system, knobs)) as updates:
            async for update in updates:
                yield update

    def _unchanged(self) -> Update:
        return {self._parts.status: gr.skip()}
