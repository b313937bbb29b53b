"""One text while it is spoken: the page plays what is there while the rest is being made."""

from __future__ import annotations

from collections.abc import Sequence

import gradio as gr

from ui.core.parts import start_or_stop
from ui.core.render import busy_html, receipt_html, status_html
from ui.core.request import RequestRun, Update
from workers.client import Client
from workers.messages import AudioDelta, Event, Progress, Queued, Started

from .layout import SpeechOutParts, voice_choices
from .view import SpokenRecording, player_value


class SpeechRun(RequestRun):
    """One text on its way to a recording. After Stop has closed that, it changes the page no more."""

    def __init__(self, client: Client, parts: SpeechOutParts, recording: SpokenRecording) -> None:
        super().__init__()
        self._client = client
        self._parts = parts
        self._recording = recording

    def begun(self) -> Update:
        """An empty player."""
        parts = self._parts
        return {
            parts.recording: self._recording,
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
        for event in batch:
            if isinstance(event, (Queued, Started, Progress)):
                update[parts.status] = status_html(event)
            if isinstance(event, Started):
                update[parts.voice] = self._voices()
                update[parts.clip.group] = parts.clip.shown()
        return update

    def failed(self, error: str) -> Update:
        """What was spoken stays."""
        return speech_at_rest(self._parts, self._recording, error)

    async def ended(self) -> Update:
        """The whole recording."""
        return speech_at_rest(self._parts, self._recording, receipt_html(self.receipt))

    def close(self) -> None:
        """No more is written to the file."""
        self._recording.close()

    def _voices(self) -> gr.Dropdown:
        ready = self._client.ready("tts")
        return gr.Dropdown(choices=voice_choices(ready.voices if ready else ()))


def speech_at_rest(parts: SpeechOutParts, recording: SpokenRecording, status: str) -> Update:
    """Return the page after the last spoken piece: the whole recording, if there is any."""
    recording.close()
    update = {parts.status: status, **speak_or_stop(parts, is_running=False)}
    if not recording.captions:
        return update
    return {
        **update,
        parts.player: player_value(recording),
        parts.result: gr.Row(visible=True),
    }


def speak_or_stop(parts: SpeechOutParts, *, is_running: bool) -> Update:
    """Return which of the two buttons is there."""
    return start_or_stop(parts.speak, parts.stop, is_running=is_running)
