"""What happens on each click of the Speech out tab."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from ui.core.render import error_html, note_html
from ui.core.request import Steps, Update, run_request, streamed
from workers.client import Client
from workers.messages import Synthesize
from workers.messages.amounts import fine_size_words
from workers.messages.consent import check_consent
from workers.messages.errors import AppError

from .clip import spoken_as
from .layout import (
    MAX_SPEED,
    MIN_SPEED,
    SpeechOutParts,
    about,
    recordings_folder,
    voice_choices,
)
from .run import SpeechRun, picker_update, speak_or_stop, speech_at_rest, spoken_html
from .save import encoded
from .view import FORMATS, SpokenRecording, player_value, read_text_file

MAX_VOICE_CHARS = 200
IN_FLIGHT_S = 0.1
"""How long an update may be on its way to the page after it was yielded."""


class SpeechOutHandlers:
    """One method per event; holds no state of any browser."""

    def __init__(self, client: Client, parts: SpeechOutParts, max_chars: int) -> None:
        self._client = client
        self._parts = parts
        self._max_chars = max_chars

    @streamed
    def on_speak(
        self, text: str, voice: str, speed: float, earlier: list[SpokenRecording], *clip: Any
    ) -> Steps:
        """Speak the text. `clip` is a path or None, and whether its voice may be taken on."""
        try:
            self._check(text)
            request = Synthesize(text=text, voice=voice or None, speed=speed, **spoken_as(*clip))
            check_consent(request)
        except AppError as err:
            yield {self._parts.status: error_html(err)}
            return
        readings = [*earlier, SpokenRecording.create(recordings_folder(), text)]
        run = SpeechRun(self._client, self._parts, readings)
        yield run_request(self._client.astream(request), run)

    async def on_stop(
        self, recording: SpokenRecording | None, readings: list[SpokenRecording]
    ) -> Update:
        """Keep what was spoken so far."""
        parts = self._parts
        if recording is None:
            return {parts.status: note_html("Stopped."), **speak_or_stop(parts, is_running=False)}
        recording.close()  # from here on the running handler changes nothing on the page
        await asyncio.sleep(IN_FLIGHT_S)
        spoken = f"{recording.num_chars:,} of {len(recording.text):,} characters."
        said = spoken_html(f"Stopped after {spoken}")
        return speech_at_rest(parts, readings, recording, said)

    def on_pick(self, readings: list[SpokenRecording], index: int | None) -> Update:
        """Hear another of those that were spoken before."""
        parts = self._parts
        if index is None or not 0 <= index < len(readings):
            return {parts.status: gr.skip()}
        recording = readings[index]
        return {
            parts.text: recording.text,
            parts.recording: recording,
            parts.player: player_value(recording, len(recording.captions), has_to_play=False),
            parts.result: gr.Row(visible=True),
            parts.status: spoken_html(f"{recording.num_chars:,} characters"),
            # until its own file is made, the one of the recording before is not to be had
            parts.download: gr.DownloadButton("Download", interactive=False, value=None),
        }

    async def on_encode(
        self, recording: SpokenRecording | None, name: str
    ) -> AsyncGenerator[Update, None]:
        """Make the file to download in the chosen format."""
        status, download = self._parts.status, self._parts.download
        if recording is None or not recording.is_done or not recording.path.exists():
            yield {status: gr.skip()}  # Gradio empties the outputs of one that yields nothing
            return
        yield {download: gr.DownloadButton(f"Making {name} …", interactive=False, value=None)}
        try:
            path = await encoded(recording, name)
        except AppError as err:
            if recording.path.exists():  # else the next text has begun, and nobody waits for this
                yield {status: error_html(err), download: gr.DownloadButton("Download")}
            return
        label = f"Download {name} · {fine_size_words(path.stat().st_size)}"
        yield {download: gr.DownloadButton(label, value=str(path), interactive=True)}

    def fitted(self, voice: str) -> Update:
        """Return the voices of the model of now; one that it does not have is left for its own choice."""
        card, ready = self._client.card("tts"), self._client.ready("tts")
        voices = ready.voices if ready is not None else ()
        known = voice if voice in voices else ""
        part = gr.Dropdown(voice_choices(voices), value=known, info=about(card))
        return {self._parts.voice: part, self._parts.clip.group: self._parts.clip.shown()}

    def brought(self, values: Sequence[Any]) -> Update:
        """Return what of an earlier visit's voice, speed and format still holds."""
        voice, speed, file_format = values
        ready = self._client.ready("tts")
        # Asleep, nobody knows the voices: when it wakes, `fitted` looks whether this is one.
        known = (voice,) if ready is None else ready.voices
        update: Update = {}
        if isinstance(voice, str) and voice in known and 0 < len(voice) <= MAX_VOICE_CHARS:
            update[self._parts.voice] = gr.Dropdown(voice_choices(known), value=voice)
        if isinstance(speed, int | float) and MIN_SPEED <= speed <= MAX_SPEED:
            update[self._parts.speed] = speed
        if file_format in FORMATS:
            update[self._parts.format] = file_format
        return update

    def on_open(self, file: str) -> Update:
        """Put a text file's content into the box."""
        try:
            text = read_text_file(Path(file), self._max_chars)
        except AppError as err:
            return {self._parts.status: error_html(err)}
        return {self._parts.text: text, self._parts.status: ""}

    def on_clear(
        self, recording: SpokenRecording | None, readings: list[SpokenRecording]
    ) -> Update:
        """Back to the beginning; what was spoken stays on the list. The browser itself empties the box."""
        if recording is not None and not recording.is_done:
            recording.discard()  # what is still being made, nobody waits for any more
        kept = [one for one in readings if one.captions and one.path.exists()]
        parts = self._parts
        return {
            parts.player: None,
            parts.status: "",
            parts.recording: None,
            parts.readings: kept,
            parts.picker: picker_update(kept, None),
            parts.result: gr.Row(visible=False),
            **speak_or_stop(parts, is_running=False),
        }

    def _check(self, text: str) -> None:
        """Raises: AppError for a text that cannot be spoken."""
        if not text.strip():
            raise AppError("There is nothing to say yet.", "Type or open a text first.")
        if len(text) > self._max_chars:
            long = f"The text has {len(text):,} characters, {self._max_chars:,} can be spoken."
            raise AppError(long, "Cut it into parts.")
