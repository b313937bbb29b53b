"""The Vision tab: pictures in, their text with boxes, and a conversation about it."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from configs.settings import Settings
from ui.kept import keep
from ui.picture_view import (
    Seen,
    conversation,
    pictures_html,
    reading_summary,
    to_json,
    to_text,
)
from ui.receipt import Receipt
from ui.render import busy_html, error_html, note_html, receipt_html, status_html
from ui.streaming import paced
from ui.theme import ASSETS
from workers.client import Client
from workers.flows.pictures import ask_about_pictures
from workers.messages import (
    ChatMessage,
    Describe,
    Event,
    Media,
    PictureRead,
    Progress,
    SamplingParams,
    TextDelta,
)
from workers.specs.spec import spec_of

EXAMPLES = (
    ("Receipt: what is the total?", "example-receipt.png", "What is the total?"),
    ("Receipt: what is the date?", "example-receipt.png", "What is the date?"),
)
EMPTY = "Add a picture with text in it, or click an example. Boxes will show what was read."
NO_PICTURE = "Add at least one picture first."
NO_QUESTION = "Type a question about the picture first."
SAMPLING = SamplingParams(temperature=0.0, repeat_penalty=1.0, max_tokens=128)
"""Answers come from the page, so the likeliest token is wanted, also when it repeats the page."""

Paths = tuple[str, ...]
Update = dict[Any, Any]
"""Component → its new value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The tab's components."""

    pictures: Any
    question: Any
    chat: Any
    status: Any
    seen: Any
    view: Any
    text: Any
    as_text: Any
    as_json: Any
    stop: Any

    def outputs(self) -> list[Any]:
        """Everything that a handler may change."""
        return [
            self.question,
            self.chat,
            self.status,
            self.seen,
            self.view,
            self.text,
            self.as_text,
            self.as_json,
            self.stop,
        ]


@dataclass(slots=True, kw_only=True)
class _Run:
    """One request on its way: what has come so far."""

    paths: Paths
    readings: tuple[PictureRead, ...]
    receipt: Receipt
    answer: str = ""
    read_s: float | None = None
    notes: tuple[str, ...] = ()
    status: str = ""

    @property
    def seen(self) -> Seen:
        return Seen(self.paths, self.readings)

    def see(self, event: Event) -> None:
        """Take note of one event."""
        if isinstance(event, PictureRead):
            others = [reading for reading in self.readings if reading.index != event.index]
            self.readings = (*others, event)
            self.read_s = _working_s(self.receipt)
            return
        if isinstance(event, TextDelta):
            self.answer += event.text
        if isinstance(event, Progress) and _is_note(event):
            self.notes += (event.what,) if event.what not in self.notes else ()
        self.receipt.see(event)
        self.status = status_html(event) or self.status


class Handlers:
    """What happens on each click; holds no state of its own."""

    def __init__(self, client: Client, parts: Parts) -> None:
        self._client = client
        self._parts = parts

    async def on_read(self, gallery: Any, seen: Seen) -> AsyncGenerator[Update, None]:
        """Read the text of the pictures; ask nothing."""
        async with aclosing(self._run(_paths(gallery), seen, [])) as updates:
            async for update in updates:
                yield update

    async def on_ask(
        self, gallery: Any, question: str, history: list[dict[str, Any]], seen: Seen
    ) -> AsyncGenerator[Update, None]:
        """Ask about the pictures, reading them first unless that has been done."""
        question = (question or "").strip()
        paths = _paths(gallery)
        if not question or not paths:
            yield {self._parts.status: note_html(NO_QUESTION if paths else NO_PICTURE)}
            return
        earlier = list(history) if seen.paths in ((), paths) else []
        rows = [*earlier, {"role": "user", "content": question}]
        async with aclosing(self._run(paths, seen, rows)) as updates:
            async for update in updates:
                yield update

    async def _run(
        self, paths: Paths, seen: Seen, rows: list[dict[str, Any]]
    ) -> AsyncGenerator[Update, None]:
        parts = self._parts
        if not paths:
            yield {parts.status: note_html(NO_PICTURE)}
            return
        known = seen.readings_of(paths)
        run = _Run(paths=paths, readings=known, receipt=Receipt())
        yield {
            parts.status: busy_html("starting"),
            parts.chat: rows,
            parts.stop: gr.Button(interactive=True),
        }
        events = ask_about_pictures(self._client, _request(paths, conversation(rows)), known)
        try:
            async with aclosing(paced(events)) as batches:
                async for batch in batches:
                    for event in batch:
                        run.see(event)
                    yield self._shown(run, rows, batch)
        except Exception as err:  # noqa: BLE001 — the edge of the page: everything must be told
            yield {parts.status: error_html(err), parts.stop: gr.Button(interactive=False)}
            return
        yield {**self._finished(run), **({parts.question: ""} if rows else {})}

    def _shown(self, run: _Run, rows: list[dict[str, Any]], batch: Sequence[Event]) -> Update:
        parts = self._parts
        update: Update = {parts.status: run.status}
        if any(isinstance(event, PictureRead) for event in batch):
            update |= {parts.view: pictures_html(run.seen), parts.text: to_text(run.seen)}
            update |= self._kept(run.seen)  # now, so that Stop does not lose the reading
        if run.answer:
            update[parts.chat] = [*rows, {"role": "assistant", "content": run.answer}]
        return update

    def _finished(self, run: _Run) -> Update:
        parts = self._parts
        rest: Update = {parts.stop: gr.Button(interactive=False)}
        if len(run.readings) < len(run.paths):
            if run.answer:  # by a model that looks at the pictures and reads no lines
                notes = [note_html(note) for note in run.notes]
                return {**rest, parts.status: "".join([*notes, receipt_html(run.receipt)])}
            return {**rest, parts.status: note_html("Stopped.")}
        summary = reading_summary(run.seen, run.read_s, run.notes)
        return {**rest, parts.status: summary + receipt_html(run.receipt)}

    def _kept(self, seen: Seen) -> Update:
        """Remember a complete reading and offer it for download."""
        parts = self._parts
        if len(seen.readings) < len(seen.paths):
            return {}
        as_text, as_json = _write_downloads(seen)
        return {
            parts.seen: seen,
            parts.as_text: gr.update(value=as_text, interactive=True),
            parts.as_json: gr.update(value=as_json, interactive=True),
        }

    def on_pictures(self, gallery: Any) -> Update:
        """Other pictures: what was read and said about the old ones goes."""
        parts = self._parts
        paths = _paths(gallery)
        off = gr.update(value=None, interactive=False)
        return {
            parts.seen: Seen(),
            parts.chat: [],
            parts.view: pictures_html(Seen(paths)) if paths else note_html(EMPTY),
            parts.text: "",
            parts.status: "",
            parts.as_text: off,
            parts.as_json: off,
        }


def _working_s(receipt: Receipt) -> float:
    """Seconds since the click, without waiting and loading."""
    return time.monotonic() - receipt.submitted - receipt.queued_s - receipt.loaded_s


def _is_note(event: Progress) -> bool:
    return event.unit in ("lines", "image tokens") or "scaled down" in event.what


def _paths(gallery: Any) -> Paths:
    return tuple(path for path, _ in gallery or ())


def _request(paths: Paths, messages: tuple[ChatMessage, ...]) -> Describe:
    images = tuple(Media(name=Path(path).name, path=path) for path in paths)
    return Describe(images=images, messages=messages, sampling=SAMPLING)


def _write_downloads(seen: Seen) -> tuple[str, str]:
    name = Path(seen.paths[0]).stem or "pictures"
    return (
        keep(to_text(seen).encode(), f"{name}.txt"),
        keep(to_json(seen).encode(), f"{name}.json"),
    )


def _capability_note(client: Client) -> str:
    card = client.card("vision")
    spec = spec_of(card)
    if spec is None or not spec.only_reads:
        return note_html(f"{card.name} looks at the pictures itself. {card.description}")
    return note_html(
        f"{card.name} reads the text in pictures, and {client.card('text').name} answers from "
        "that text. Describing scenes, people or charts needs a vision-language model from the "
        "catalogue."
    )


def build_vision_tab(client: Client, settings: Settings) -> None:
    """Lay the tab out and wire it."""
    gr.HTML(_capability_note(client))
    with gr.Row():
        with gr.Column(scale=1, min_width=320):
            pictures = gr.Gallery(
                label="Pictures",
                type="filepath",
                sources=["upload", "clipboard", "webcam"],
                file_types=["image"],
                interactive=True,
                height=240,
                columns=3,
                object_fit="contain",
                elem_id="vision-pictures",
            )
            with gr.Row():
                examples = [gr.Button(label, size="sm", min_width=120) for label, _, _ in EXAMPLES]
            question = gr.Textbox(
                label="Question",
                placeholder="What is the total?",
                lines=1,
                elem_id="vision-question",
            )
            with gr.Row():
                ask = gr.Button("Ask", variant="primary", min_width=70, elem_id="vision-ask")
                read = gr.Button("Read text", min_width=70, elem_id="vision-read")
                stop = gr.Button(
                    "Stop",
                    variant="stop",
                    min_width=70,
                    interactive=False,
                    elem_id="vision-stop",
                )
            status = gr.HTML(elem_classes="q-status", elem_id="vision-status")
            chat = gr.Chatbot(
                label="Answers",
                height=300,
                buttons=["copy"],
                feedback_options=None,
                placeholder="Ask something that is written in the picture.",
                elem_id="vision-chat",
            )
        with gr.Column(scale=1, min_width=320):
            view = gr.HTML(note_html(EMPTY), elem_id="vision-view")
            text = gr.Textbox(
                label="Text", lines=6, max_lines=14, interactive=False, buttons=["copy"]
            )
            with gr.Row():
                as_text = gr.DownloadButton(
                    "Download .txt", size="sm", min_width=120, interactive=False
                )
                as_json = gr.DownloadButton(
                    "Download .json", size="sm", min_width=120, interactive=False
                )
    parts = Parts(
        pictures=pictures,
        question=question,
        chat=chat,
        status=status,
        seen=gr.State(Seen()),
        view=view,
        text=text,
        as_text=as_text,
        as_json=as_json,
        stop=stop,
    )
    _wire(Handlers(client, parts), parts, (ask, read), examples)


def _wire(handlers: Handlers, parts: Parts, buttons: Sequence[Any], examples: list[Any]) -> None:
    ask, read = buttons
    model = {
        "outputs": parts.outputs(),
        "concurrency_id": "vision",
        "concurrency_limit": 16,
        "show_progress": "hidden",
        "api_visibility": "private",
    }
    light = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    asking = [parts.pictures, parts.question, parts.chat, parts.seen]
    running = [
        gr.on([ask.click, parts.question.submit], handlers.on_ask, asking, **model),
        read.click(handlers.on_read, [parts.pictures, parts.seen], **model),
    ]
    for button, (_, file_name, words) in zip(examples, EXAMPLES, strict=True):
        placed = button.click(
            lambda path=str(ASSETS / file_name), words=words: ([path], words),
            None,
            [parts.pictures, parts.question],
            **light,
        )
        running.append(placed.then(handlers.on_ask, asking, **model))
    changed = [parts.pictures.upload, parts.pictures.delete]  # not .change: an example asks at once
    gr.on(changed, handlers.on_pictures, parts.pictures, parts.outputs(), **light)
    stopped = parts.stop.click(
        lambda: note_html("Stopping"), None, parts.status, cancels=running, **light
    )
    # Only now is the last streamed update in. Gradio marks the outputs of an event that is
    # cancelled in its first moment with "Error"; another event that writes them clears the mark.
    kept = [parts.chat, parts.view, parts.text]
    stopped.then(
        lambda *values: (note_html("Stopped."), gr.Button(interactive=False), *values),
        kept,
        [parts.status, parts.stop, *kept],
        **light,
    )
