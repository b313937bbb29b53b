"""The Speech in tab: recordings in, timed text out, while it is being recognised."""

from __future__ import annotations

from configs.settings import Settings
from ui.core.events import LIGHT, long_work
from workers.client import Client

from .handlers import SpeechInHandlers
from .layout import layout_speech_in
from .markup import COPY_JS


def build_speech_in_tab(client: Client, settings: Settings) -> None:
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
    parts.copy.click(None, None, parts.status, js=COPY_JS, **LIGHT)
