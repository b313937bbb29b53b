"""What happens on each click of the Speech in tab."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from ui.core.parts import start_or_stop
from ui.core.render import note_html
from ui.core.request import Steps, Update, run_request, streamed
from ui.core.theme import ASSETS
from workers.client import Client

from .layout import NOTHING, SpeechInParts
from .options import TranscriptionOptions
from .run import TranscriptionRun, transcripts_at_rest
from .view import FileTranscript, stopped

EXAMPLE = ASSETS / "example-speech.mp3"
UPDATE_S = 0.1
"""Between two page updates; recognition brings a handful of segments at a time."""


class SpeechInHandlers:
    """One method per event; holds no state of its own."""

    def __init__(self, client: Client, parts: SpeechInParts) -> None:
        self._client = client
        self._parts = parts

    @streamed
    def on_run(self, files: list[str] | None, recorded: str | None, *options: Any) -> Steps:
        """Transcribe the chosen files, or else what was recorded."""
        return self._transcribe(files or ([recorded] if recorded else []), options)

    @streamed
    def on_recorded(self, recorded: str | None, *options: Any) -> Steps:
        """Transcribe as soon as the microphone stops."""
        return self._transcribe([recorded] if recorded else [], options)

    @streamed
    def on_example(self, *options: Any) -> Steps:
        """Transcribe the recording that comes with the page."""
        return self._transcribe([str(EXAMPLE)], options)

    def on_stop(self, results: list[FileTranscript]) -> Update:
        """Keep what was heard; the request itself was cancelled by the closed generator."""
        halted = [stopped(result) for result in results]
        last = max((n for n, item in enumerate(halted) if item.segments), default=0)
        return transcripts_at_rest(self._parts, halted, last)

    def on_pick(self, results: list[FileTranscript], index: int | None) -> Update:
        """Show another of several recordings."""
        if index is None or index >= len(results):
            return {self._parts.status: gr.skip()}
        return transcripts_at_rest(self._parts, results, index)

    def _transcribe(self, paths: Sequence[str], values: Sequence[Any]) -> Steps:
        """Work on one recording after another."""
        parts = self._parts
        if not paths:
            yield {parts.status: note_html(NOTHING)}
            return
        options = TranscriptionOptions.of(values)
        results = [FileTranscript(name=Path(path).name, path=path) for path in paths]
        begun = start_or_stop(parts.run, parts.stop, is_running=True)
        yield {**begun, parts.export: gr.Row(visible=False)}
        for index, path in enumerate(paths):
            events = self._client.astream(options.request(path))
            yield run_request(events, TranscriptionRun(parts, results, index), UPDATE_S)
        first = next((n for n, item in enumerate(results) if item.segments), 0)
        yield transcripts_at_rest(parts, results, first)
