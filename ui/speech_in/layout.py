"""The look of the Speech in tab: one big place to record or drop, then the transcript with its player."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from configs.catalogue import ModelCard
from configs.settings import Settings
from ui.core.drop_area import drop_area
from ui.core.parts import status_line
from ui.core.render import clock, note_html
from ui.core.sidebar import sidebar
from ui.core.theme import ASSETS

from .markup import EMPTY, RECORDER, SEEK_JS, SIDE_EMPTY
from .options import layout_language, layout_options


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechInParts:
    """The tab's components."""

    files: Any
    """Its `upload` event brings recordings, the microphone's too: all go one way."""
    example: Any
    stop: Any
    options: Sequence[Any]
    about: Any
    status: Any
    caution: Any
    picker: Any
    player: Any
    transcript: Any
    foot: Any
    """Below the transcript: how much it is, what is marked in it, what it took."""
    export: Any
    copy: Any
    copied: Any
    downloads: Sequence[Any]
    archive: Any
    results: Any

    def outputs(self) -> list[Any]:
        """Everything that a handler may change."""
        return [
            self.stop, self.status, self.caution, self.picker, self.player, self.transcript,
            self.foot, self.export, self.copied, *self.downloads, self.archive, self.results,
        ]  # fmt: skip


def layout_speech_in(card: ModelCard, settings: Settings) -> SpeechInParts:
    """Draw everything."""
    with sidebar("Transcripts"):
        kept = _layout_kept()
    inputs = _layout_inputs(card, settings)
    return SpeechInParts(**kept, **inputs, **_layout_transcript(), results=gr.State([]))


def about_html(card: ModelCard) -> str:
    """What the model is, and that what it hears stays here, unless its work is done on another machine."""
    said = f"{card.name}: {card.description}" if card.description else card.name
    where = "" if card.is_remote else " Nothing leaves this machine."
    return note_html(f"{said.removesuffix('.')}.{where}")


def _layout_kept() -> dict[str, Any]:
    """The recordings of this visit."""
    gr.HTML(SIDE_EMPTY, padding=False, elem_id="stt-kept", apply_default_css=False)
    picker = gr.Radio(
        [], label="Transcripts of this visit", visible=False, elem_id="stt-files",
        elem_classes="q-side-scroll",
    )  # fmt: skip
    archive = gr.DownloadButton(
        "All as one zip", size="sm", visible=False, elem_id="stt-zip", elem_classes="q-side-foot"
    )
    return {"picker": picker, "archive": archive}


def _layout_inputs(card: ModelCard, settings: Settings) -> dict[str, Any]:
    longest = _hours(settings.limits.get("max_audio_s", 0))
    parts: dict[str, Any] = {}
    with gr.Row(elem_classes="q-beside"):
        language = layout_language()
        gr.Button("Options", size="sm", min_width=0, scale=0, elem_id="stt-options-open")
    with gr.Column(elem_id="stt-options", min_width=0):
        parts["options"] = [language, *layout_options()]
    with gr.Column(elem_id="stt-input", min_width=0):
        gr.HTML(
            "",
            html_template=RECORDER.replace("LONGEST", longest),
            js_on_load=(ASSETS / "speech_in.js").read_text(encoding="utf-8"),
            apply_default_css=False,
            padding=False,
            elem_id="stt-recorder",
            elem_classes="q-main-input",
        )
        with gr.Row(elem_id="stt-choose"):
            parts["files"] = drop_area(
                "",
                button="Choose files",
                elem_id="stt-add",
                accept="audio/*,video/*",
                is_small=True,
            )
            parts["example"] = gr.Button(
                "Try the example", size="sm", min_width=120, scale=0, elem_id="stt-example"
            )
    parts["about"] = gr.HTML(about_html(card), padding=False, elem_id="stt-about")
    with gr.Row(elem_id="stt-work"):
        parts["status"] = status_line(elem_id="stt-status")
        parts["stop"] = gr.Button(
            "Stop", visible=False, size="sm", min_width=80, scale=0, elem_id="stt-stop"
        )
    return parts


def _hours(seconds: float) -> str:
    hours = seconds / 3600
    return f"{hours:.0f} hours" if hours > 1 and hours == int(hours) else clock(seconds)


def _layout_transcript() -> dict[str, Any]:
    """The transcript below its player."""
    parts: dict[str, Any] = {
        "player": gr.Audio(
            label="Recording",
            show_label=False,
            interactive=False,
            visible=False,
            elem_id="stt-player",
            buttons=[],
            # The drawn waveform decodes the whole file in the browser: hours would not fit.
            waveform_options=gr.WaveformOptions(show_recording_waveform=False),
        ),
    }
    with gr.Column(elem_id="stt-card", min_width=0):
        parts["transcript"] = gr.HTML(
            "",
            html_template=f'<ol class="q-segments" data-empty="{EMPTY}" aria-live="polite">'
            "${value}</ol>",
            js_on_load=SEEK_JS,
            apply_default_css=False,
            elem_id="stt-transcript",
            max_height="60vh",
        )
        parts["foot"] = gr.HTML("", padding=False, elem_id="stt-foot", apply_default_css=False)
    parts["caution"] = gr.HTML("", padding=False, elem_id="stt-caution", apply_default_css=False)
    with gr.Row(visible=False, elem_id="stt-export") as parts["export"]:
        parts["copy"] = gr.Button("Copy text", size="sm", elem_id="stt-copy")
        parts["downloads"] = [
            gr.DownloadButton(f".{name}", size="sm", elem_id=f"stt-save-{name}")
            for name in ("srt", "vtt", "txt", "json")
        ]
        parts["copied"] = gr.HTML("", padding=False, elem_id="stt-copied", apply_default_css=False)
    return parts
