"""The Speech in tab: recordings in, timed text out, while it is being recognised."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from configs.settings import Settings
from ui.core.events import LIGHT, long_work
from ui.core.model_watch import build_model_watch
from ui.core.page_chats import PageChats
from ui.core.request import Update
from workers.client import Client
from workers.specs.hearing import hearing_of

from .handlers import SpeechInHandlers
from .layout import SpeechInParts, about_html, layout_speech_in
from .markup import COPY_JS
from .options import fitted_options


def build_speech_in_tab(client: Client, settings: Settings, _chats: PageChats) -> None:
    """Lay out the tab and wire it."""
    parts = layout_speech_in(client.card("stt"), settings)
    handlers = SpeechInHandlers(client, parts)
    work = {"outputs": parts.outputs(), **long_work("stt")}
    change = {"outputs": parts.outputs(), **LIGHT}
    recorded = [parts.microphone, *parts.options]
    running = [
        parts.run.click(handlers.on_run, [parts.files, *recorded], **work),
        parts.microphone.stop_recording(handlers.on_recorded, recorded, **work),
        parts.example.click(handlers.on_example, list(parts.options), **work),
    ]
    parts.stop.click(handlers.on_stop, parts.results, cancels=running, **change)
    parts.picker.input(handlers.on_pick, [parts.results, parts.picker], **change)
    fitted, shown = fitting(client, parts), [*parts.options, parts.about]
    build_model_watch(client, "stt", fitted, parts.options, shown)
    parts.copy.click(None, None, parts.status, js=COPY_JS, **LIGHT)


def fitting(client: Client, parts: SpeechInParts) -> Callable[..., Update]:
    """Return what fits the options to the model of now."""

    def fitted(*values: Any) -> Update:
        card = client.card("stt")
        updates = fitted_options(card, hearing_of(card, client.ready("stt")), values)
        return {**dict(zip(parts.options, updates, strict=True)), parts.about: about_html(card)}

    return fitted
