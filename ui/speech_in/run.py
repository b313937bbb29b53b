"""Recordings on their way to text: one run for each, and the page when all are at rest."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from ui.core.asking import caution_html, costs_html
from ui.core.render import note_html, status_html
from ui.core.request import RequestRun, Update
from workers.messages import Event, Queued, Started

from .files import write_files, write_zip
from .layout import SpeechInParts
from .view import (
    FileTranscript,
    advanced,
    captions,
    caution_of,
    choice_label,
    foot_html,
    progress_html,
    segments_html,
    summary_html,
)


class TranscriptionRun(RequestRun):
    """One of several recordings; its failure is its own, and the next one is still heard."""

    def __init__(
        self, parts: SpeechInParts, results: list[FileTranscript], index: int, place: str
    ) -> None:
        """`results` is shared by the runs of all recordings: each changes its own place in it.

        `place` says which of several it is: "2 of 3, ".
        """
        super().__init__()
        self._parts = parts
        self._results = results
        self._index = index
        self._place = place

    @property
    def _result(self) -> FileTranscript:
        return self._results[self._index]

    def begun(self) -> Update:
        """Its name, and no player yet."""
        line = note_html(f"Opening {self._result.name}…")
        parts = self._parts
        return {
            **self._working(line),
            parts.player: gr.Audio(visible=False),
            parts.caution: "",
            parts.foot: "",
        }

    def advanced(self, batch: Sequence[Event]) -> Update:
        """The words so far; the player once it is known that the recording can be played."""
        was_unopened = not self._result.duration_s
        self._results[self._index] = advanced(self._result, batch)
        update = self._working(_line(self._result, batch, self._place))
        if was_unopened and self._result.duration_s:
            update[self._parts.player] = player_update(self._result, with_sound=True)
        return update

    def failed(self, error: str) -> Update:
        """Why."""
        self._results[self._index] = replace(self._result, state="failed", error_html=error)
        return self._working(error)

    async def ended(self) -> Update:
        """The receipt is kept for the page at rest."""
        costs = costs_html(self.receipt)
        self._results[self._index] = replace(self._result, receipt_html=costs)
        return {self._parts.results: list(self._results)}

    def _working(self, line: str) -> Update:
        return {
            self._parts.status: line,
            self._parts.transcript: segments_html(self._result.segments),
            self._parts.picker: picker_update(self._results, self._index, interactive=False),
            self._parts.results: list(self._results),
        }


def transcripts_at_rest(parts: SpeechInParts, results: list[FileTranscript], index: int) -> Update:
    """Return everything after the work: the chosen transcript, its captions and its files."""
    rest: Update = {parts.stop: gr.Button(visible=False), parts.results: results}
    if not results:
        return rest
    chosen = results[index]
    return {
        **rest,
        **_files(parts, results, chosen),
        parts.status: "" if chosen.segments and not chosen.error_html else summary_html(chosen),
        parts.foot: foot_html(chosen),
        parts.copied: "",
        parts.picker: picker_update(results, index, interactive=True),
        parts.player: player_update(chosen, with_sound=len(results) > 1),
        parts.caution: caution_html(words) if (words := caution_of(chosen)) else "",
        parts.transcript: segments_html(chosen.segments, with_words=True),
    }


def _files(parts: SpeechInParts, results: list[FileTranscript], chosen: FileTranscript) -> Update:
    with_speech = [item for item in results if item.segments]
    if not with_speech:
        return {
            parts.export: gr.Row(visible=False),
            parts.archive: gr.DownloadButton(visible=False),
        }
    folder = Path(parts.player.GRADIO_CACHE) / uuid.uuid4().hex
    update: Update = {parts.export: gr.Row(visible=bool(chosen.segments))}
    if chosen.segments:
        paths = write_files(chosen, folder)
        update |= dict(zip(parts.downloads, map(str, paths.values()), strict=True))
    if len(with_speech) > 1:
        archive = write_zip(with_speech, folder)
        update[parts.archive] = gr.DownloadButton(value=str(archive), visible=True)
    else:
        update[parts.archive] = gr.DownloadButton(visible=False)
    return update


def _line(transcript: FileTranscript, batch: Sequence[Event], place: str) -> str:
    """The status line: what it waits for, then how far it has listened."""
    waits = [event for event in batch if isinstance(event, (Queued, Started))]
    if waits and not transcript.duration_s:
        return status_html(waits[-1])
    return progress_html(transcript, place)


def player_update(transcript: FileTranscript, *, with_sound: bool) -> Any:
    """Without new sound, what plays goes on playing and only the captions change."""
    sound = {"value": transcript.path if transcript.is_playable else None} if with_sound else {}
    return gr.Audio(visible=transcript.is_playable, subtitles=captions(transcript), **sound)


def picker_update(results: Sequence[FileTranscript], index: int, *, interactive: bool) -> Any:
    """The list of recordings with their states."""
    labels = [(choice_label(item), number) for number, item in enumerate(results)]
    return gr.Radio(choices=labels, value=index, visible=bool(results), interactive=interactive)
