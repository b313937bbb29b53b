"""The Speech out tab: type, hear it sentence by sentence, keep the recording."""

from __future__ import annotations

from typing import Any

from configs.settings import Settings
from ui.core.events import LIGHT, long_work
from ui.core.model_watch import build_model_watch
from ui.core.page_chats import PageChats
from ui.core.remembered import remember
from workers.client import Client

from .clip import VoiceClip
from .handlers import SpeechOutHandlers
from .layout import SpeechOutParts, layout_speech_out
from .markup import COUNT_JS, SILENCE_JS


def build_speech_out_tab(client: Client, settings: Settings, _chats: PageChats) -> None:
    """Lay out the tab and wire it."""
    max_chars = int(settings.limits["max_text_chars"])
    parts = layout_speech_out(client.card("tts"), VoiceClip(client), max_chars)
    handlers = SpeechOutHandlers(client, parts, max_chars)
    running = _wire_speaking(parts, handlers)
    _wire_saving(parts, handlers, [*running, *_wire_hearing(parts, handlers, running)])
    _wire_text(parts, handlers, max_chars, running)
    shown = [parts.voice, parts.clip.group]
    remember("speech-out", [parts.voice, parts.speed, parts.format], handlers.brought)
    build_model_watch(client, "tts", handlers.fitted, [parts.voice], shown)


def _wire_speaking(parts: SpeechOutParts, handlers: SpeechOutHandlers) -> list[Any]:
    """Return the events that speak a text: at their end there may be a recording."""
    asked = [parts.text, parts.voice, parts.speed, parts.readings]
    asked += [parts.clip.clip, parts.clip.consent]
    work = {"outputs": parts.outputs(), **long_work("tts")}
    running = [
        parts.speak.click(handlers.on_speak, asked, **work),
        parts.text.submit(handlers.on_speak, asked, **work),
    ]
    for button, text in parts.examples:
        chosen = button.click(lambda text=text: text, None, parts.text, **LIGHT)
        running.append(chosen.then(handlers.on_speak, asked, **work))
    return running


def _wire_hearing(
    parts: SpeechOutParts, handlers: SpeechOutHandlers, running: list[Any]
) -> list[Any]:
    """Stop, and another of those spoken before. Return the events after which there is a recording."""
    at_stop = [parts.recording, parts.readings]
    stopped = parts.stop.click(handlers.on_stop, at_stop, parts.outputs(), cancels=running, **LIGHT)
    parts.stop.click(None, js=SILENCE_JS)
    shown = [parts.text, parts.download, *parts.outputs()]
    picked = parts.picker.input(handlers.on_pick, [parts.readings, parts.picker], shown, **LIGHT)
    return [stopped, picked]


def _wire_saving(parts: SpeechOutParts, handlers: SpeechOutHandlers, ended: list[Any]) -> None:
    """The file to download is made after each recording, and when another format is chosen."""
    inputs, outputs = [parts.recording, parts.format], [parts.download, parts.status]
    for listen in (*(event.then for event in ended), parts.format.change):
        listen(handlers.on_encode, inputs, outputs, **long_work("encode", at_once=2))


def _wire_text(
    parts: SpeechOutParts, handlers: SpeechOutHandlers, max_chars: int, running: list[Any]
) -> None:
    count = COUNT_JS.replace("MAX_CHARS", str(max_chars))
    parts.text.change(None, parts.text, parts.count, js=count)
    parts.open.upload(handlers.on_open, parts.open, [parts.text, parts.status], **LIGHT)
    now = [parts.recording, parts.readings]
    for button in (parts.clear, parts.new):
        button.click(handlers.on_clear, now, parts.outputs(), cancels=running, **LIGHT)
