"""The Speech in tab: recordings in, timed text out, while it is being recognised."""

from __future__ import annotations

import logging
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import gradio as gr

from configs.catalogue import ModelCard
from configs.settings import Settings
from ui.receipt import Receipt
from ui.render import clock, error_html, note_html, receipt_html, status_html
from ui.streaming import paced
from ui.subtitles import write_files, write_zip
from ui.theme import ASSETS
from ui.transcript_panel import COPY_JS, layout_panel, picker_update, player_update
from ui.transcript_view import (
    Transcript,
    advanced,
    language_name,
    progress_html,
    segments_html,
    stopped,
    summary_html,
)
from workers.client import Client
from workers.messages import AudioInfo, Event, Media, Queued, Started, Transcribe
from workers.messages.errors import AppError

log = logging.getLogger(__name__)

EXAMPLE = ASSETS / "example-speech.mp3"
UPDATE_S = 0.1
"""Between two page updates; recognition brings a handful of segments at a time."""
NOTHING = "Record something, choose recordings, or try the example."

Update = dict[Any, Any]
"""Component → its new value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the accordion says, in the order of its components."""

    language: str | None
    translate: bool
    words: bool
    vad: bool
    prompt: str | None
    hotwords: str | None

    def request(self, path: str) -> Transcribe:
        """The request for one recording."""
        return Transcribe(
            audio=Media(name=Path(path).name, path=path),
            language=self.language or None,
            translate=self.translate,
            word_timestamps=self.words,
            vad=self.vad,
            initial_prompt=(self.prompt or "").strip() or None,
            hotwords=(self.hotwords or "").strip() or None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The tab's components."""

    microphone: Any
    files: Any
    example: Any
    run: Any
    stop: Any
    options: Sequence[Any]
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
        inputs = {"microphone", "files", "example", "options", "copy"}
        parts = [getattr(self, field.name) for field in fields(self) if field.name not in inputs]
        return [item for part in parts for item in (part if isinstance(part, list) else [part])]


class Handlers:
    """What happens on each click; holds no state of its own."""

    def __init__(self, client: Client, parts: Parts) -> None:
        self._client = client
        self._parts = parts

    async def on_run(
        self, files: list[str] | None, recorded: str | None, *options: Any
    ) -> AsyncGenerator[Update, None]:
        """Transcribe the chosen files, or else what was recorded."""
        paths = list(files or ([recorded] if recorded else []))
        if not paths:
            yield {self._parts.status: note_html(NOTHING)}
            return
        async with aclosing(self._transcribe(paths, Choices(**_named(options)))) as updates:
            async for update in updates:
                yield update

    async def on_recorded(
        self, recorded: str | None, *options: Any
    ) -> AsyncGenerator[Update, None]:
        """Transcribe as soon as the microphone stops."""
        async with aclosing(self.on_run(None, recorded, *options)) as updates:
            async for update in updates:
                yield update

    async def on_example(self, *options: Any) -> AsyncGenerator[Update, None]:
        """Transcribe the recording that comes with the page."""
        async with aclosing(self.on_run([str(EXAMPLE)], None, *options)) as updates:
            async for update in updates:
                yield update

    def on_stop(self, results: list[Transcript]) -> Update:
        """Keep what was heard; the request itself was cancelled by the closed generator."""
        halted = [stopped(result) for result in results]
        last = max((n for n, item in enumerate(halted) if item.segments), default=0)
        return self._at_rest(halted, last)

    def on_pick(self, results: list[Transcript], index: int | None) -> Update:
        """Show another of several recordings."""
        if index is None or index >= len(results):
            return {self._parts.status: gr.skip()}
        return self._at_rest(results, index)

    async def _transcribe(
        self, paths: Sequence[str], choices: Choices
    ) -> AsyncGenerator[Update, None]:
        parts = self._parts
        results = [Transcript(name=Path(path).name, path=path) for path in paths]
        yield {
            parts.run: gr.Button(visible=False),
            parts.stop: gr.Button(visible=True),
            parts.export: gr.Row(visible=False),
        }
        for index in range(len(results)):
            async with aclosing(self._listen(results, index, choices)) as updates:
                async for update in updates:
                    yield update
        first = next((n for n, item in enumerate(results) if item.segments), 0)
        yield self._at_rest(results, first)

    async def _listen(
        self, results: list[Transcript], index: int, choices: Choices
    ) -> AsyncGenerator[Update, None]:
        """Work on one recording; its failure is its own and the next one is still heard."""
        yield self._begun(results, index)
        receipt = Receipt()
        place = f"{index + 1} of {len(results)}, " if len(results) > 1 else ""
        events = self._client.astream(choices.request(results[index].path))
        try:
            async with aclosing(paced(events, UPDATE_S)) as batches:
                async for batch in batches:
                    for event in batch:
                        if not isinstance(event, AudioInfo):
                            receipt.see(event)
                    is_unopened = not results[index].duration_s
                    results[index] = advanced(results[index], batch)
                    update = self._working(results, index, _line(results[index], batch, place))
                    if is_unopened and results[index].duration_s:
                        update[self._parts.player] = player_update(results[index], with_sound=True)
                    yield update
            costs = receipt_html(receipt)
            results[index] = replace(results[index], receipt_html=costs)
        except Exception as err:
            if not isinstance(err, AppError):
                log.exception("speech in failed on %s", results[index].name)
            results[index] = replace(results[index], state="failed", error_html=error_html(err))
            yield self._working(results, index, results[index].error_html)

    def _begun(self, results: list[Transcript], index: int) -> Update:
        return {
            **self._working(results, index, note_html(f"Opening {results[index].name}…")),
            self._parts.player: gr.Audio(visible=False),
        }

    def _working(self, results: list[Transcript], index: int, line: str) -> Update:
        return {
            self._parts.status: line,
            self._parts.transcript: segments_html(results[index].segments),
            self._parts.picker: picker_update(results, index, interactive=False),
            self._parts.results: list(results),
        }

    def _at_rest(self, results: list[Transcript], index: int) -> Update:
        """Everything after the work: the chosen transcript, its captions and its files."""
        parts = self._parts
        rest: Update = {
            parts.run: gr.Button(visible=True),
            parts.stop: gr.Button(visible=False),
            parts.results: results,
        }
        if not results:
            return rest
        chosen = results[index]
        return {
            **rest,
            **self._files(results, chosen),
            parts.status: summary_html(chosen),
            parts.picker: picker_update(results, index, interactive=True),
            parts.player: player_update(chosen, with_sound=len(results) > 1),
            parts.transcript: segments_html(chosen.segments),
        }

    def _files(self, results: list[Transcript], chosen: Transcript) -> Update:
        parts = self._parts
        with_speech = [item for item in results if item.segments]
        if not chosen.segments:
            return {parts.export: gr.Row(visible=False)}
        folder = Path(parts.player.GRADIO_CACHE) / uuid.uuid4().hex
        paths = write_files(chosen, folder)
        update: Update = {parts.export: gr.Row(visible=True)}
        update |= dict(zip(parts.downloads, map(str, paths.values()), strict=True))
        if len(with_speech) > 1:
            archive = write_zip(with_speech, folder)
            update[parts.archive] = gr.DownloadButton(value=str(archive), visible=True)
        else:
            update[parts.archive] = gr.DownloadButton(visible=False)
        return update


def build_speech_in_tab(client: Client, settings: Settings) -> None:
    """Lay out the tab and wire it to the client."""
    card = client.card("stt")
    with gr.Row():
        with gr.Column(scale=2, min_width=300):
            inputs = _layout_inputs(card, settings)
        with gr.Column(scale=3, min_width=300):
            outputs = layout_panel()
    parts = Parts(**inputs, **outputs, results=gr.State([]))
    _wire(parts, Handlers(client, parts))


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
        parts["stop"] = gr.Button("Stop", variant="stop", visible=False, min_width=120)
        parts["example"] = gr.Button("Try the example", min_width=120)
    parts["status"] = gr.HTML(note_html(NOTHING), elem_classes="q-status", padding=False)
    with gr.Accordion("Options", open=False):
        parts["options"] = _layout_options(card)
        gr.HTML(note_html(f"{card.name}: {card.description}"), padding=False)
    return parts


def _layout_options(card: ModelCard) -> list[Any]:
    """The accordion, in the order of `Choices`."""
    is_multilingual = len(card.languages) > 1
    known = sorted((language_name(code), code) for code in card.languages)
    detect = [("Detect", "")] if is_multilingual else []
    why_not = "" if is_multilingual else f"{card.name} knows only {known[0][0]}"
    return [
        gr.Dropdown([*detect, *known], value="" if is_multilingual else known[0][1],
                    label="Language spoken", interactive=is_multilingual),
        gr.Checkbox(False, label="Translate to English", info=why_not or None,
                    interactive=is_multilingual),
        gr.Checkbox(False, label="Times of single words", info="Click a word to hear it"),
        gr.Checkbox(True, label="Skip silence", info="Also prevents invented text"),
        gr.Textbox(label="Context", max_lines=3,
                   placeholder="A talk by Dr. Nowak about CTranslate2.",
                   info="What it is about: steers the spelling of names and terms"),
        gr.Textbox(label="Words to listen for", placeholder="Quintet, GGUF, Nowak"),
    ]  # fmt: skip


def _wire(parts: Parts, handlers: Handlers) -> None:
    long_work: dict[str, Any] = {
        "outputs": parts.outputs(),
        "concurrency_id": "stt",
        "concurrency_limit": 16,
        "show_progress": "hidden",
        "trigger_mode": "once",
        "api_visibility": "private",
    }
    light: dict[str, Any] = {
        "outputs": parts.outputs(),
        "queue": False,
        "show_progress": "hidden",
        "api_visibility": "private",
    }
    running = [
        parts.run.click(
            handlers.on_run, [parts.files, parts.microphone, *parts.options], **long_work
        ),
        parts.microphone.stop_recording(
            handlers.on_recorded, [parts.microphone, *parts.options], **long_work
        ),
        parts.example.click(handlers.on_example, list(parts.options), **long_work),
    ]
    parts.stop.click(handlers.on_stop, parts.results, cancels=running, **light)
    parts.picker.input(handlers.on_pick, [parts.results, parts.picker], **light)
    parts.copy.click(None, None, parts.status, js=COPY_JS, queue=False, api_visibility="private")


def _line(transcript: Transcript, batch: Sequence[Event], place: str) -> str:
    """The status line: what it waits for, then how far it has listened."""
    waits = [event for event in batch if isinstance(event, (Queued, Started))]
    if waits and not transcript.duration_s:
        return status_html(waits[-1])
    return progress_html(transcript, place)


def _named(options: Sequence[Any]) -> dict[str, Any]:
    return dict(zip((field.name for field in fields(Choices)), options, strict=True))
