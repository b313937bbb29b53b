"""The Vision tab: pictures in, their text with boxes, and a conversation about it."""

from __future__ import annotations

import gradio as gr

from configs.settings import Settings
from ui.core.events import LIGHT, long_work
from ui.core.model_watch import build_model_watch
from ui.core.page_chats import PageChats
from ui.core.request import Update
from ui.core.theme import ASSETS
from workers.client import Client
from workers.specs.spec import spec_of

from .handlers import VisionHandlers
from .layout import EXAMPLES, VisionParts, layout_vision
from .view import welcome_html


def build_vision_tab(client: Client, settings: Settings, _chats: PageChats) -> None:
    """Lay out the tab and wire it."""
    parts = layout_vision(_capabilities(client))
    _wire(parts, VisionHandlers(client, parts))

    def fitted() -> Update:
        return {parts.about: welcome_html(_capabilities(client))}

    build_model_watch(client, "vision", fitted, (), [parts.about])


def _wire(parts: VisionParts, handlers: VisionHandlers) -> None:
    work = {"outputs": parts.outputs(), **long_work("vision")}
    composer = parts.composer
    talk = [parts.seen, parts.turns, parts.rows, parts.answer_id]
    asked = [composer.question, *talk]
    gr.on([composer.send.click, composer.question.submit], handlers.on_ask, asked, **work)
    parts.earlier.act(handlers.on_act, talk, **work)
    parts.files.upload(handlers.on_files, [parts.seen, parts.answer_id], **work)
    parts.view.act(handlers.on_view, [parts.seen, parts.answer_id], **work)
    parts.read.click(handlers.on_read, parts.seen, **work)
    for button, (_, file_name, words) in zip(parts.examples, EXAMPLES, strict=True):
        given = [gr.State(str(ASSETS / file_name)), gr.State(words), parts.answer_id]
        button.click(handlers.on_example, given, **work)
    outputs = [composer.send, composer.stop]
    composer.stop.click(handlers.on_stop, parts.answer_id, outputs, **LIGHT)


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
