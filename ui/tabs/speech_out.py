"""The speech-out tab: type, hear it sentence by sentence, keep the recording."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from configs.settings import Settings
from ui.receipt import Receipt
from ui.render import busy_html, error_html, note_html, receipt_html, status_html
from ui.speech_markup import COUNT, COUNT_JS, PAUSE_JS, PLAYER, SILENCE_JS
from ui.speech_save import encoded
from ui.speech_view import (
    EXAMPLES,
    FORMATS,
    Recording,
    file_size,
    player_value,
    read_text_file,
    subtitles,
)
from ui.streaming import paced
from ui.theme import ASSETS
from workers.client import Client
from workers.messages import AudioDelta, Progress, Queued, Started, Synthesize
from workers.messages.consent import check_consent
from workers.messages.errors import AppError

from .voice_clip import VoiceClip, spoken_as

IN_FLIGHT_S = 0.1
"""How long an update may be on its way to the page after it was yielded."""

Updates = dict[Any, Any]


def build_speech_out_tab(client: Client, settings: Settings) -> None:
    """Lay out the tab and wire it. Called inside its `gr.Tab`."""
    tab = _Tab(client, settings)
    tab.lay_out()
    tab.wire()


class _Tab:
    """The tab's components and what happens on them. Holds no state of any browser."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        self._max_chars = int(settings.limits["max_text_chars"])
        self.clip = VoiceClip(client)

    # --- handlers ---------------------------------------------------------------------------------

    async def on_speak(
        self, text: str, voice: str, speed: float, old: Recording | None, *clip: Any
    ) -> AsyncGenerator[Updates, None]:
        """Speak the text; the page plays what is there while the rest is being made.

        `clip` is a path or None, and whether its voice may be taken on.
        """
        if not text.strip():
            nothing = AppError("There is nothing to say yet.", "Type or open a text first.")
            yield {self.status: error_html(nothing)}
            return
        if len(text) > self._max_chars:
            long = f"The text has {len(text):,} characters, {self._max_chars:,} can be spoken."
            yield {self.status: error_html(AppError(long, "Cut it into parts."))}
            return
        request = Synthesize(text=text, voice=voice or None, speed=speed, **spoken_as(*clip))
        try:
            check_consent(request)
        except AppError as err:
            yield {self.status: error_html(err)}
            return
        _discard(old)
        recording = Recording.create(_folder())
        yield self._started(recording)
        receipt = Receipt()
        try:
            async with aclosing(paced(self._client.astream(request))) as batches:
                async for batch in batches:
                    for event in batch:
                        receipt.see(event)
                    yield self._heard(recording, batch)
        except AppError as err:
            yield self._ended(recording, error_html(err))
        else:
            yield self._ended(recording, receipt_html(receipt))
        finally:
            recording.close()

    async def on_stop(self, recording: Recording | None, text: str) -> Updates:
        """Keep what was spoken so far."""
        if recording is None:
            return {self.status: note_html("Stopped."), **self._buttons(is_running=False)}
        recording.close()  # from here on the running handler changes nothing on the page
        await asyncio.sleep(IN_FLIGHT_S)
        spoken = f"Stopped after {recording.num_chars:,} of {len(text):,} characters."
        return self._ended(recording, note_html(spoken))

    async def on_encode(
        self, recording: Recording | None, name: str
    ) -> AsyncGenerator[Updates, None]:
        """Make the file to download in the chosen format."""
        if recording is None or not recording.is_done or not recording.path.exists():
            yield {self.status: gr.skip()}  # Gradio empties the outputs of one that yields nothing
            return
        yield {self.download: gr.DownloadButton(f"Making {name} …", interactive=False, value=None)}
        try:
            path = await encoded(recording, name)
        except AppError as err:
            if recording.path.exists():  # else the next text has begun, and nobody waits for this
                yield {self.status: error_html(err), self.download: gr.DownloadButton("Download")}
            return
        label = f"Download {name} · {file_size(path.stat().st_size)}"
        yield {self.download: gr.DownloadButton(label, value=str(path), interactive=True)}

    def on_open(self, file: str) -> Updates:
        """Put a text file's content into the box."""
        try:
            text = read_text_file(Path(file), self._max_chars)
        except AppError as err:
            return {self.status: error_html(err)}
        return {self.text: text, self.status: ""}

    def on_clear(self, recording: Recording | None) -> Updates:
        """Back to the beginning."""
        _discard(recording)
        return {
            self.text: "",
            self.player: None,
            self.status: "",
            self.recording: None,
            self.result: gr.Column(visible=False),
        }

    def _started(self, recording: Recording) -> Updates:
        return {
            self.recording: recording,
            self.status: busy_html("waking the voice"),
            self.player: None,
            self.result: gr.Column(visible=False),
            **self._buttons(is_running=True),
        }

    def _heard(self, recording: Recording, batch: list[Any]) -> Updates:
        updates: Updates = {}
        if recording.is_done:
            return {self.status: gr.skip()}
        deltas = [event for event in batch if isinstance(event, AudioDelta)]
        for delta in deltas:
            recording.add(delta)
        if deltas:
            updates[self.player] = player_value(recording, len(deltas))
        for event in batch:
            if isinstance(event, (Queued, Started, Progress)):
                updates[self.status] = status_html(event)
            if isinstance(event, Started):
                updates[self.voice] = self._voices()
                updates[self.clip.group] = self.clip.shown()
        return updates or {self.status: gr.skip()}

    def _ended(self, recording: Recording, status: str) -> Updates:
        recording.close()
        updates = {self.status: status, **self._buttons(is_running=False)}
        if not recording.captions:
            return updates
        return {
            **updates,
            self.player: player_value(recording),
            self.result: gr.Column(visible=True),
            self.audio: gr.Audio(str(recording.path), subtitles=subtitles(recording)),
        }

    def _buttons(self, *, is_running: bool) -> Updates:
        return {
            self.speak: gr.Button(interactive=not is_running),
            self.stop: gr.Button(interactive=is_running),
        }

    def _voices(self) -> gr.Dropdown:
        ready = self._client.ready("tts")
        return gr.Dropdown(choices=_voice_choices(ready.voices if ready else ()))

    # --- layout -----------------------------------------------------------------------------------

    def lay_out(self) -> None:
        """Create the components."""
        card = self._client.card("tts")
        self.recording = gr.State(None, delete_callback=_discard)
        with gr.Row(equal_height=False):
            with gr.Column(scale=3, min_width=320):
                self._lay_out_text()
            with gr.Column(scale=2, min_width=280):
                self.voice = gr.Dropdown(
                    _voice_choices(()),
                    value="",
                    label="Voice",
                    info=f"{card.name} · {card.license}",
                )
                self.clip.lay_out()
                self.speed = gr.Slider(0.5, 2, value=1, step=0.05, label="Speed")
                with gr.Row():
                    self.speak = gr.Button(
                        "Speak", variant="primary", min_width=100, elem_id="tts-speak"
                    )
                    self.stop = gr.Button(
                        "Stop", variant="stop", min_width=100, interactive=False, elem_id="tts-stop"
                    )
        self.status = gr.HTML(elem_classes="q-status")
        self.player = gr.HTML(
            None,
            html_template=PLAYER,
            js_on_load=(ASSETS / "speech_out.js").read_text(encoding="utf-8"),
            apply_default_css=False,
            elem_id="tts-player",
            elem_classes="q-speech-outer",
        )
        with gr.Column(visible=False) as self.result:
            self.audio = gr.Audio(label="Whole recording", interactive=False, buttons=[])
            with gr.Row(elem_classes="q-save"):
                self.format = gr.Radio(
                    list(FORMATS), value=FORMATS[0], label="Save as", container=False
                )
                self.download = gr.DownloadButton("Download", interactive=False)

    def _lay_out_text(self) -> None:
        self.text = gr.Textbox(
            label="Text to speak",
            placeholder="Type or paste a text. Markdown, numbers, dates and addresses are read "
            "as a person would.",
            lines=7,
            max_lines=16,
            elem_id="tts-text",
        )
        self.count = gr.HTML(COUNT.format(max_chars=self._max_chars), elem_classes="q-count-outer")
        with gr.Row(elem_classes="q-examples"):
            self.examples = [
                (gr.Button(name, size="sm", min_width=60), text) for name, text in EXAMPLES
            ]
        with gr.Row(elem_classes="q-examples"):
            self.open = gr.UploadButton(
                "Open a text file", file_types=[".txt", ".md"], size="sm", elem_id="tts-open"
            )
            self.clear = gr.Button("Clear", size="sm")

    # --- wiring -----------------------------------------------------------------------------------

    def wire(self) -> None:
        """Connect components and handlers."""
        running = [self._on_run(self.speak.click), self._on_run(self.text.submit)]
        for button, text in self.examples:
            chosen = button.click(
                lambda text=text: text, None, self.text, queue=False, api_visibility="private"
            )
            running.append(self._on_run(chosen.then))
        stopped = self.stop.click(
            self.on_stop,
            [self.recording, self.text],
            self._outputs(),
            cancels=running,
            queue=False,
            show_progress="hidden",
            api_visibility="private",
        )
        self.stop.click(None, js=SILENCE_JS)
        for ended in (*running, stopped, self.format):
            self._on_encode(ended)
        self._wire_small_things()

    def _on_run(self, trigger: Any) -> Any:
        return trigger(
            self.on_speak,
            [
                self.text,
                self.voice,
                self.speed,
                self.recording,
                self.clip.clip,
                self.clip.consent,
            ],
            self._outputs(),
            concurrency_id="tts",
            concurrency_limit=16,
            show_progress="hidden",
            api_visibility="private",
        )

    def _on_encode(self, trigger: Any) -> None:
        listen = trigger.change if isinstance(trigger, gr.Radio) else trigger.then
        listen(
            self.on_encode,
            [self.recording, self.format],
            [self.download, self.status],
            concurrency_id="encode",
            concurrency_limit=2,
            show_progress="hidden",
            api_visibility="private",
        )

    def _wire_small_things(self) -> None:
        light: dict[str, Any] = {
            "queue": False,
            "show_progress": "hidden",
            "api_visibility": "private",
        }
        count = COUNT_JS.replace("MAX_CHARS", str(self._max_chars))
        self.text.change(None, self.text, self.count, js=count)
        self.open.upload(self.on_open, self.open, [self.text, self.status], **light)
        self.clear.click(self.on_clear, self.recording, [self.text, *self._outputs()], **light)
        self.audio.play(None, js=PAUSE_JS)

    def _outputs(self) -> list[Any]:
        return [
            self.recording, self.status, self.player, self.result, self.audio,
            self.speak, self.stop, self.voice, self.clip.group,
        ]  # fmt: skip


def _folder() -> Path:
    """Return a place that Gradio serves files from."""
    return Path(get_upload_folder()) / "quintet-speech"


def _voice_choices(voices: tuple[str, ...]) -> list[tuple[str, str]]:
    return [("Default", ""), *((voice.capitalize(), voice) for voice in voices)]


def _discard(recording: Recording | None) -> None:
    if recording is not None:
        recording.discard()
