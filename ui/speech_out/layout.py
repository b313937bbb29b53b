"""The look of the Speech out tab: the text, the voice, the player, the whole recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from configs.catalogue import ModelCard
from ui.core.parts import hidden_stop_button, status_line
from ui.core.sidebar import sidebar
from ui.core.theme import ASSETS

from .clip import VoiceClip
from .markup import CHANGE_JS, COUNT, SIDE_NOTE, player_html
from .view import EXAMPLES, FORMATS, SpokenRecording

MIN_SPEED, MAX_SPEED = 0.5, 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechOutParts:
    """The tab's components."""

    recording: Any
    """The one that the player has."""
    readings: Any
    """All of this visit that are kept, the one under way too."""
    picker: Any
    new: Any
    text: Any
    count: Any
    examples: Sequence[tuple[Any, str]]
    """Each example's button and text."""
    open: Any
    clear: Any
    voice: Any
    clip: VoiceClip
    speed: Any
    speak: Any
    stop: Any
    status: Any
    player: Any
    result: Any
    format: Any
    download: Any

    def outputs(self) -> list[Any]:
        """What changes while a text is spoken."""
        return [
            self.recording, self.readings, self.picker, self.status, self.player, self.result,
            self.speak, self.stop, self.voice, self.clip.group,
        ]  # fmt: skip


def layout_speech_out(card: ModelCard, clip: VoiceClip, max_chars: int) -> SpeechOutParts:
    """Draw everything: the text comes first, the player below it wakes with what is spoken."""
    recording, readings = gr.State(None), gr.State([], delete_callback=discard_all)
    with sidebar("Readings"):
        kept = _layout_kept()
    with gr.Row(elem_classes="q-beside"):
        voice = gr.Dropdown(
            voice_choices(()), value="", label="Voice", info=about(card), elem_id="tts-voice"
        )
    with gr.Column(elem_id="tts-writing", min_width=0):
        text = _layout_text(max_chars)
        clip.layout()
        say = _layout_say()
    heard = _layout_player()
    return SpeechOutParts(
        recording=recording,
        readings=readings,
        voice=voice,
        clip=clip,
        **kept,
        **text,
        **say,
        **heard,
    )


def _layout_kept() -> dict[str, Any]:
    """What was spoken in this visit."""
    new = gr.Button("New reading", size="sm", elem_id="tts-new")
    gr.HTML(SIDE_NOTE, padding=False, apply_default_css=False)
    picker = gr.Radio(
        [], label="Readings of this visit", visible=False, elem_id="tts-readings",
        elem_classes="q-side-scroll",
    )  # fmt: skip
    return {"new": new, "picker": picker}


def _layout_text(max_chars: int) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "text": gr.Textbox(
            label="Text to speak",
            show_label=False,
            placeholder="Type or paste a text. Markdown, numbers, dates and addresses are read "
            "as a person would.",
            lines=9,
            max_lines=20,
            elem_id="tts-text",
        ),
        "count": gr.HTML(
            COUNT.format(max_chars=max_chars), elem_classes="q-count-outer", apply_default_css=False
        ),
    }
    with gr.Row(elem_classes="q-examples"):
        parts["open"] = gr.UploadButton(
            "Open a text file", file_types=[".txt", ".md"], size="sm", elem_id="tts-open"
        )
        parts["clear"] = gr.Button("Clear", size="sm", elem_id="tts-clear")
        parts["examples"] = [
            (gr.Button(name, size="sm", min_width=60), text) for name, text in EXAMPLES
        ]
    return parts


def _layout_say() -> dict[str, Any]:
    """How fast, and Speak."""
    with gr.Row(elem_id="tts-say"):
        speed = gr.Slider(
            MIN_SPEED, MAX_SPEED, value=1, step=0.05, label="Speed", elem_id="tts-speed"
        )
        speak = gr.Button("Speak", variant="primary", min_width=120, scale=0, elem_id="tts-speak")
    return {"speed": speed, "speak": speak}


def _layout_player() -> dict[str, Any]:
    """The player, and below its text the way back, the state, and what can be saved once all is there."""
    with gr.Column(elem_id="tts-card", min_width=0):
        player = gr.HTML(
            None,
            html_template=player_html(),
            js_on_load=(ASSETS / "speech_out.js").read_text(encoding="utf-8"),
            apply_default_css=False,
            elem_id="tts-player",
            elem_classes="q-speech-outer",
        )
        with gr.Row(elem_id="tts-foot"):
            change = gr.Button("Change the text", size="sm", min_width=0, elem_id="tts-change")
            change.click(None, None, None, js=CHANGE_JS)
            status = status_line(elem_id="tts-status")
            stop = hidden_stop_button(min_width=80, elem_id="tts-stop")
            result = _layout_result()
    return {"player": player, "status": status, "stop": stop, **result}


def _layout_result() -> dict[str, Any]:
    """What can be saved, once all of it is there."""
    with gr.Row(visible=False, elem_id="tts-save", elem_classes="q-save") as result:
        chosen = gr.Radio(
            list(FORMATS), value=FORMATS[0], label="Save as", container=False, elem_id="tts-format"
        )
        download = gr.DownloadButton(
            "Download", interactive=False, size="sm", elem_id="tts-download"
        )
    return {"result": result, "format": chosen, "download": download}


def about(card: ModelCard) -> str:
    """Whose voices they are."""
    return f"{card.name} · {card.license}"


def voice_choices(voices: Sequence[str]) -> list[tuple[str, str]]:
    """Label and name of each voice; the first stands for the model's own choice."""
    return [("Default", ""), *((voice.capitalize(), voice) for voice in voices)]


def recordings_folder() -> Path:
    """Return a place that Gradio serves files from."""
    return Path(get_upload_folder()) / "quintet-speech"


def discard_all(readings: Sequence[SpokenRecording]) -> None:
    """Delete the recordings of a visit that is over."""
    for recording in readings:
        recording.discard()
