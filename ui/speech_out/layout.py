"""The look of the Speech out tab: the text, the voice, the player, the whole recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from configs.catalogue import ModelCard
from ui.core.parts import status_line, stop_button
from ui.core.theme import ASSETS

from .clip import VoiceClip
from .markup import COUNT, PLAYER
from .view import EXAMPLES, FORMATS, SpokenRecording


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechOutParts:
    """The tab's components."""

    recording: Any
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
    audio: Any
    format: Any
    download: Any

    def outputs(self) -> list[Any]:
        """What changes while a text is spoken."""
        return [
            self.recording, self.status, self.player, self.result, self.audio,
            self.speak, self.stop, self.voice, self.clip.group,
        ]  # fmt: skip


def layout_speech_out(card: ModelCard, clip: VoiceClip, max_chars: int) -> SpeechOutParts:
    """Draw everything."""
    recording = gr.State(None, delete_callback=discard)
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=320):
            text = _layout_text(max_chars)
        with gr.Column(scale=2, min_width=280):
            voice = _layout_voice(card, clip)
    return SpeechOutParts(
        recording=recording,
        **text,
        **voice,
        clip=clip,
        status=status_line(),
        player=gr.HTML(
            None,
            html_template=PLAYER,
            js_on_load=(ASSETS / "speech_out.js").read_text(encoding="utf-8"),
            apply_default_css=False,
            elem_id="tts-player",
            elem_classes="q-speech-outer",
        ),
        **_layout_result(),
    )


def _layout_text(max_chars: int) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "text": gr.Textbox(
            label="Text to speak",
            placeholder="Type or paste a text. Markdown, numbers, dates and addresses are read "
            "as a person would.",
            lines=7,
            max_lines=16,
            elem_id="tts-text",
        ),
        "count": gr.HTML(COUNT.format(max_chars=max_chars), elem_classes="q-count-outer"),
    }
    with gr.Row(elem_classes="q-examples"):
        parts["examples"] = [
            (gr.Button(name, size="sm", min_width=60), text) for name, text in EXAMPLES
        ]
    with gr.Row(elem_classes="q-examples"):
        parts["open"] = gr.UploadButton(
            "Open a text file", file_types=[".txt", ".md"], size="sm", elem_id="tts-open"
        )
        parts["clear"] = gr.Button("Clear", size="sm")
    return parts


def _layout_voice(card: ModelCard, clip: VoiceClip) -> dict[str, Any]:
    voice = gr.Dropdown(voice_choices(()), value="", label="Voice", info=about(card))
    clip.layout()
    speed = gr.Slider(0.5, 2, value=1, step=0.05, label="Speed")
    with gr.Row():
        speak = gr.Button("Speak", variant="primary", min_width=100, elem_id="tts-speak")
        stop = stop_button(min_width=100, elem_id="tts-stop")
    return {"voice": voice, "speed": speed, "speak": speak, "stop": stop}


def _layout_result() -> dict[str, Any]:
    """The whole recording, once there is one."""
    with gr.Column(visible=False) as result:
        audio = gr.Audio(label="Whole recording", interactive=False, buttons=[])
        with gr.Row(elem_classes="q-save"):
            chosen = gr.Radio(list(FORMATS), value=FORMATS[0], label="Save as", container=False)
            download = gr.DownloadButton("Download", interactive=False)
    return {"result": result, "audio": audio, "format": chosen, "download": download}


def about(card: ModelCard) -> str:
    """Whose voices they are."""
    return f"{card.name} · {card.license}"


def voice_choices(voices: Sequence[str]) -> list[tuple[str, str]]:
    """Label and name of each voice; the first stands for the model's own choice."""
    return [("Default", ""), *((voice.capitalize(), voice) for voice in voices)]


def recordings_folder() -> Path:
    """Return a place that Gradio serves files from."""
    return Path(get_upload_folder()) / "quintet-speech"


def discard(recording: SpokenRecording | None) -> None:
    """Delete a recording that nobody hears any more."""
    if recording is not None:
        recording.discard()
