"""One text while it is spoken: the page plays what is there while the rest is being made."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import gradio as gr

from ui.core.asking import costs_html
from ui.core.parts import start_or_stop
from ui.core.render import busy_html, clock, status_html
from ui.core.request import RequestRun, Update
from workers.client import Client
from workers.messages import AudioDelta, Event, Queued, Started

from .layout import SpeechOutParts, voice_choices
from .view import SpokenRecording, kept_readings, player_value


class SpeechRun(RequestRun):
    """One text on its way to a recording. After Stop has closed that, it changes the page no more."""

    def __init__(
        self, client: Client, parts: SpeechOutParts, readings: list[SpokenRecording]
    ) -> None:
        """`readings` are those of this visit; the last is to be filled."""
        super().__init__()
        self._client = client
        self._parts = parts
        self._readings = readings
        self._recording = readings[-1]

    def begun(self) -> Update:
        """An empty player."""
        parts = self._parts
        return {
            parts.recording: self._recording,
            parts.readings: self._readings,
            parts.picker: gr.Radio(interactive=False),
            parts.status: busy_html("waking the voice"),
            parts.player: None,
            parts.result: gr.Row(visible=False),
            **speak_or_stop(parts, is_running=True),
        }

    def advanced(self, batch: Sequence[Event]) -> Update:
        """More captions to play; the voices, once the model is there and has named them."""
        parts, recording = self._parts, self._recording
        if recording.is_done:
            return {}
        update: Update = {}
        deltas = [event for event in batch if isinstance(event, AudioDelta)]
        for delta in deltas:
            recording.add(delta)
        if deltas:
            update[parts.player] = player_value(recording, len(deltas))
            update[parts.status] = ""  # the player says how far it is
        for event in batch:
            if isinstance(event, (Queued, Started)) and not recording.captions:
                update[parts.status] = status_html(event)
            if isinstance(event, Started):
                update[parts.voice] = self._voices()
                update[parts.clip.group] = parts.clip.shown()
        return update

    def failed(self, error: str) -> Update:
        """What was spoken stays."""
        return speech_at_rest(self._parts, self._readings, self._recording, error)

    async def ended(self) -> Update:
        """The whole recording."""
        said = spoken_html(f"{self._recording.num_chars:,} characters", costs_html(self.receipt))
        return speech_at_rest(self._parts, self._readings, self._recording, said)

    def close(self) -> None:
        """No more is written to the file."""
        self._recording.close()

    def _voices(self) -> gr.Dropdown:
        ready = self._client.ready("tts")
        return gr.Dropdown(choices=voice_choices(ready.voices if ready else ()))


def speech_at_rest(
    parts: SpeechOutParts, readings: list[SpokenRecording], recording: SpokenRecording, status: str
) -> Update:
    """Return the page after the last spoken piece: the whole recording, if there is any."""
    recording.close()
    kept = kept_readings(readings)
    update = {
        parts.status: status,
        parts.readings: kept,
        parts.picker: picker_update(kept, recording),
        **speak_or_stop(parts, is_running=False),
    }
    if not recording.captions:
        return update
    return {
        **update,
        parts.player: player_value(recording),
        parts.result: gr.Row(visible=True),
    }


def spoken_html(words: str, costs: str = "") -> str:
    """What was spoken, and what it took."""
    return f'<div class="q-tts-said"><span>{escape(words)}</span>{costs}</div>'


def picker_update(readings: Sequence[SpokenRecording], chosen: SpokenRecording | None) -> gr.Radio:
    """The list of readings, the newest first, with their lengths."""
    labels = [
        (f"{one.title} · {clock(max(1, one.duration_s))}", number)
        for number, one in enumerate(readings)
    ]
    index = next((n for n, one in enumerate(readings) if one is chosen), None)
    return gr.Radio(choices=labels[::-1], value=index, visible=bool(readings), interactive=True)


def speak_or_stop(parts: SpeechOutParts, *, is_running: bool) -> Update:
    """Return which of the two buttons is there."""
    return start_or_stop(parts.speak, parts.stop, is_running=is_running)
