"""The Vision tab: pictures in, their text with boxes, and a conversation about it."""

from __future__ import annotations

import gradio as gr

from configs.settings import Settings
from ui.core.events import LIGHT, long_work
from ui.core.model_watch import build_model_watch
from ui.core.page_chats import PageChats
from ui.core.render import note_html
from ui.core.request import Update
from ui.core.theme import ASSETS
from workers.client import Client
from workers.specs.spec import spec_of

from .handlers import VisionHandlers
from .layout import EXAMPLES, VisionParts, layout_vision


def build_vision_tab(client: Client, settings: Settings, _chats: PageChats) -> None:
    """Lay out the tab and wire it."""
    parts = layout_vision(_capabilities(client))
    _wire(parts, VisionHandlers(client, parts))

    def fitted() -> Update:
        return {parts.about: note_html(_capabilities(client))}

    build_model_watch(client, "vision", fitted, (), [parts.about])


def _wire(parts: VisionParts, handlers: VisionHandlers) -> None:
    work = {"outputs": parts.outputs(), **long_work("vision")}
    asked = [parts.pictures, parts.question, parts.chat, parts.seen]
    running = [
        gr.on([parts.ask.click, parts.question.submit], handlers.on_ask, asked, **work),
        parts.read.click(handlers.on_read, [parts.pictures, parts.seen], **work),
    ]
    for button, (_, file_name, words) in zip(parts.examples, EXAMPLES, strict=True):
        placed = button.click(
            lambda path=str(ASSETS / file_name), words=words: ([path], words),
            None,
            [parts.pictures, parts.question],
            **LIGHT,
        )
        running.append(placed.then(handlers.on_ask, asked, **work))
    changed = [parts.pictures.upload, parts.pictures.delete]  # not .change: an example asks at once
    gr.on(changed, handlers.on_pictures, parts.pictures, parts.outputs(), **LIGHT)
    stopped = parts.stop.click(handlers.on_stop, None, parts.status, cancels=running, **LIGHT)
    shown = [parts.chat, parts.view, parts.text]
    stopped.then(handlers.on_stopped, shown, [parts.status, parts.stop, *shown], **LIGHT)


def _capabilities(client: Client) -> str:
    card = client.card("vision")
    spec = spec_of(card)
    if spec is None or not spec.only_reads:
        return f"{card.name} looks at the pictures itself. {card.description}"
    return (
        f"{card.name} reads the text in pictures, and {client.card('text').name} answers from "
        "that text. Describing scenes, people or charts needs a vision-language model from the "
        "catalogue."
    )
