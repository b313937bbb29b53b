"""What happens on each click of the Speech in tab."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from ui.core.drop_area import uploaded_paths
from ui.core.request import Steps, Update, run_request, streamed
from ui.core.theme import ASSETS
from workers.client import Client

from .layout import SpeechInParts
from .options import TranscriptionOptions
from .run import TranscriptionRun, transcripts_at_rest
from .view import FileTranscript, language_name, stopped

EXAMPLE = ASSETS / "example-speech.mp3"
MAX_RESULTS = 200
"""Recordings on the list of one visit; the oldest leave first."""
UPDATE_S = 0.1
"""Between two page updates; recognition brings a handful of segments at a time."""


class SpeechInHandlers:
    """One method per event; holds no state of its own."""

    def __init__(self, client: Client, parts: SpeechInParts) -> None:
        self._client = client
        self._parts = parts

    @streamed
    def on_files(self, event: gr.EventData, results: list[FileTranscript], *options: Any) -> Steps:
        """Write down what was dropped, chosen or recorded, at once."""
        return self._transcribe(uploaded_paths(event), results, options)

    @streamed
    def on_example(self, results: list[FileTranscript], *options: Any) -> Steps:
        """Write down the recording that comes with the page."""
        return self._transcribe([str(EXAMPLE)], results, options)

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

    def _transcribe(
        self, paths: Sequence[str], earlier: list[FileTranscript], values: Sequence[Any]
    ) -> Steps:
        """Work on one recording after another; those before stay on the list."""
        parts = self._parts
        options = TranscriptionOptions.of(values)
        card = self._client.card("stt")
        only = language_name(card.languages[0]) if len(card.languages) == 1 else ""
        new = [
            FileTranscript(name=Path(path).name, path=path, only_language=only) for path in paths
        ]
        results = [*earlier, *new][-MAX_RESULTS:]
        first = len(results) - len(new)
        yield {parts.stop: gr.Button(visible=True), parts.export: gr.Row(visible=False)}
        for number, path in enumerate(paths, start=1):
            events = self._client.astream(options.request(path))
            place = f"{number} of {len(paths)}, " if len(paths) > 1 else ""
            run = TranscriptionRun(parts, results, first + number - 1, place)
            yield run_request(events, run, UPDATE_S)
        heard = (n for n, item in enumerate(results) if n >= first and item.segments)
        yield transcripts_at_rest(parts, results, next(heard, first))
