"""The look of the Speech in tab: recordings on the left, the transcript beside its player."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from configs.catalogue import ModelCard
from configs.settings import Settings
from ui.core.parts import hidden_stop_button, status_line
from ui.core.render import clock, note_html

from .markup import EMPTY, SEEK_JS
from .options import layout_options

NOTHING = "Record something, choose recordings, or try the example."


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechInParts:
    """The tab's components."""

    microphone: Any
    files: Any
    example: Any
    run: Any
    stop: Any
    options: Sequence[Any]
    about: Any
    status: Any
    picker: Any
    player: Any
    transcript: Any
    export: Any
    copy: Any
    downloads: Sequence[Any]
    archive: Any
    results: Any

    def outputs(self) -> list[Any]:
        """Everything that a handler may change."""
        return [
            self.run, self.stop, self.status, self.picker, self.player, self.transcript,
            self.export, *self.downloads, self.archive, self.results,
        ]  # fmt: skip


def layout_speech_in(card: ModelCard, settings: Settings) -> SpeechInParts:
    """Draw everything."""
    with gr.Row():
        with gr.Column(scale=2, min_width=300):
            inputs = _layout_inputs(card, settings)
        with gr.Column(scale=3, min_width=300):
            outputs = _layout_transcript()
    return SpeechInParts(**inputs, **outputs, results=gr.State([]))


def about_html(card: ModelCard) -> str:
    """What the model is."""
    return note_html(f"{card.name}: {card.description}" if card.description else card.name)


def _layout_inputs(card: ModelCard, settings: Settings) -> dict[str, Any]:
    longest = clock(settings.limits.get("max_audio_s", 0))
    parts: dict[str, Any] = {
        "microphone": gr.Audio(
            sources=["microphone"],
            type="filepath",
            label="Microphone",
            editable=False,
            buttons=["download"],
        ),
        "files": gr.File(
            file_count="multiple", label=f"Audio or video, up to {longest}", height=180
        ),
    }
    with gr.Row():
        parts["run"] = gr.Button("Transcribe", variant="primary", min_width=120)
        parts["stop"] = hidden_stop_button(min_width=120)
        parts["example"] = gr.Button("Try the example", min_width=120)
    parts["status"] = status_line(note_html(NOTHING))
    with gr.Accordion("Options", open=False):
        parts["options"] = layout_options()
        parts["about"] = gr.HTML(about_html(card), padding=False)
    return parts


def _layout_transcript() -> dict[str, Any]:
    """The transcript beside its player."""
    parts: dict[str, Any] = {
        "picker": gr.Radio([], label="Recordings", visible=False, elem_id="stt-files"),
        "player": gr.Audio(
            label="Player",
            interactive=False,
            visible=False,
            elem_id="stt-player",
            buttons=[],
            # The drawn waveform decodes the whole file in the browser: hours would not fit.
            waveform_options=gr.WaveformOptions(show_recording_waveform=False),
        ),
        "transcript": gr.HTML(
            "",
            html_template=f'<ol class="q-segments" data-empty="{EMPTY}" aria-live="polite">'
            "${value}</ol>",
            js_on_load=SEEK_JS,
            elem_id="stt-transcript",
            max_height="60vh",
        ),
    }
    with gr.Row(visible=False, elem_id="stt-export") as parts["export"]:
        parts["copy"] = gr.Button("Copy text", size="sm")
        parts["downloads"] = [
            gr.DownloadButton(f"⬇ {name}", size="sm") for name in ("srt", "vtt", "txt", "json")
        ]
        parts["archive"] = gr.DownloadButton("⬇ all (zip)", size="sm", visible=False)
    return parts
