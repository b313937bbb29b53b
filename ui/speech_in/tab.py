"""The Speech in tab: recordings in, timed text out, while it is being recognised."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from configs.settings import Settings
from ui.core.events import LIGHT, long_work
from ui.core.model_watch import build_model_watch
from ui.core.page_chats import PageChats
from ui.core.remembered import remember
from ui.core.request import Update
from workers.client import Client
from workers.specs.hearing import hearing_of

from .handlers import SpeechInHandlers
from .layout import SpeechInParts, about_html, layout_speech_in
from .markup import COPY_JS
from .options import brought_options, fitted_options


def build_speech_in_tab(client: Client, settings: Settings, _chats: PageChats) -> None:
    """Lay out the tab and wire it."""
    parts = layout_speech_in(client.card("stt"), settings)
    handlers = SpeechInHandlers(client, parts)
    work = {"outputs": parts.outputs(), **long_work("stt")}
    change = {"outputs": parts.outputs(), **LIGHT}
    given = [parts.results, *parts.options]
    running = [
        parts.files.upload(handlers.on_files, given, **work),
        parts.example.click(handlers.on_example, given, **work),
    ]
    parts.stop.click(handlers.on_stop, parts.results, cancels=running, **change)
    parts.picker.input(handlers.on_pick, [parts.results, parts.picker], **change)
    fitted, shown = fitting(client, parts), [*parts.options, parts.about]
    build_model_watch(client, "stt", fitted, parts.options, shown)
    remember("speech-in", parts.options, bringing(client, parts))
    parts.copy.click(None, None, parts.copied, js=COPY_JS, **LIGHT)


def fitting(client: Client, parts: SpeechInParts) -> Callable[..., Update]:
    """Return what fits the options to the model of now."""

    def fitted(*values: Any) -> Update:
        card = client.card("stt")
        updates = fitted_options(card, hearing_of(card, client.ready("stt")), values)
        return {**dict(zip(parts.options, updates, strict=True)), parts.about: about_html(card)}

    return fitted


def bringing(client: Client, parts: SpeechInParts) -> Callable[[Sequence[Any]], Update]:
    """Return what takes the choices of an earlier visit, as far as the model of now can do them."""

    def accepted(values: Sequence[Any]) -> Update:
        card = client.card("stt")
        updates = brought_options(card, hearing_of(card, client.ready("stt")), values)
        return dict(zip(parts.options, updates, strict=True)) if updates else {}

    return accepted
