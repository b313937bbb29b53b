"""The Text tab: a chat that streams, stops, and can be taken back, changed and asked again."""

from __future__ import annotations

import gradio as gr

from configs.settings import Settings
from ui.core.events import LIGHT, long_work
from ui.core.model_watch import build_model_watch
from workers.client import Client

from .fitting import ChatFitting
from .handlers import ChatHandlers
from .layout import ChatParts, layout_chat


def build_text_tab(client: Client, settings: Settings) -> None:
    """Lay out the tab and wire it."""
    parts = layout_chat(client.card("text"))
    handlers = ChatHandlers(client, parts)
    _wire_answers(parts, handlers)
    _wire_chat(parts, handlers)
    _wire_fitting(client, parts)


def _wire_answers(parts: ChatParts, handlers: ChatHandlers) -> None:
    """Events after which the model writes."""
    answer = {"outputs": parts.outputs(), **long_work("text")}
    how = [parts.system, *parts.knobs]
    send = [parts.send.click, parts.box.submit]
    gr.on(send, handlers.on_send, [parts.chat, parts.box, *how], **answer)
    parts.log.example_select(handlers.on_example, [parts.chat, *how], **answer)
    retry = [parts.log.retry, parts.retry.click]
    gr.on(retry, handlers.on_retry, [parts.chat, *how], **answer)
    parts.resume.click(handlers.on_resume, [parts.chat, *how], **answer)
    parts.reload.click(handlers.on_reload, [parts.chat, *how], **answer)
    parts.log.edit(handlers.on_edit, [parts.chat, *how], **answer)


def _wire_chat(parts: ChatParts, handlers: ChatHandlers) -> None:
    """Events that change the chat itself."""
    change = {"outputs": parts.outputs(), **LIGHT}
    parts.stop.click(handlers.on_stop, parts.request_id, None, **LIGHT)
    parts.log.undo(handlers.on_undo, parts.chat, **change)
    begin_anew = {"outputs": parts.outputs(), **long_work("clear")}  # not behind what it ends
    clear = [parts.clear.click, parts.log.clear]
    gr.on(clear, handlers.on_clear, parts.request_id, **begin_anew)
    parts.previous.click(handlers.on_previous, parts.chat, **change)
    parts.next.click(handlers.on_next, parts.chat, **change)


def _wire_fitting(client: Client, parts: ChatParts) -> None:
    """What goes by the model that answers."""
    fitting, knobs = ChatFitting(client, parts), list(parts.knobs)
    build_model_watch(client, "text", fitting.fitted, knobs, [*knobs, parts.log, parts.about])
    parts.knobs[-3].input(fitting.on_mode, knobs, knobs, **LIGHT)
    parts.reset.click(fitting.on_reset, None, knobs, **LIGHT)
