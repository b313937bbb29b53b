"""One request about pictures on its way: what has come so far, and how it looks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from ui.core.kept import keep
from ui.core.light_updates import Tail
from ui.core.parts import can_stop
from ui.core.render import busy_html, note_html, receipt_html, status_html
from ui.core.request import RequestRun, Update
from workers.flows.receipt import Receipt
from workers.messages import Event, PictureRead, Progress, TextDelta

from .layout import VisionParts
from .view import PictureReadings, pictures_html, reading_summary, to_json, to_text


class PictureRun(RequestRun):
    """Pictures that are read, then asked about if there is a question."""

    def __init__(
        self, parts: VisionParts, seen: PictureReadings, rows: list[dict[str, Any]]
    ) -> None:
        """`seen` is what is known of the pictures before; `rows` is the chat, [] to read only."""
        super().__init__()
        self._parts = parts
        self._seen = seen
        self._rows = rows
        self._answer = ""
        self._read_s: float | None = None
        self._notes: tuple[str, ...] = ()
        self._status = ""

    def begun(self) -> Update:
        """The question."""
        parts = self._parts
        busy = busy_html("starting")
        return {parts.status: busy, parts.chat: self._rows, parts.stop: can_stop(True)}

    def advanced(self, batch: Sequence[Event]) -> Update:
        """The readings as they come, then the answer."""
        for event in batch:
            self._see(event)
        parts, seen = self._parts, self._seen
        update: Update = {parts.status: self._status}
        if any(isinstance(event, PictureRead) for event in batch):
            update |= {parts.view: pictures_html(seen), parts.text: to_text(seen)}
            update |= self._kept()  # now, so that Stop does not lose the reading
        if self._answer:
            answer = {"role": "assistant", "content": self._answer}
            update[parts.chat] = Tail(start=len(self._rows), rows=[answer])
        return update

    def failed(self, error: str) -> Update:
        """What was read stays."""
        return {self._parts.status: error, self._parts.stop: can_stop(False)}

    async def ended(self) -> Update:
        """What was found, and what it cost; the next question can be typed."""
        parts = self._parts
        rest: Update = {parts.status: self._summary(), parts.stop: can_stop(False)}
        return {**rest, parts.question: ""} if self._rows else rest

    def _see(self, event: Event) -> None:
        if isinstance(event, PictureRead):
            self._seen = self._seen.with_reading(event)
            self._read_s = _working_s(self.receipt)
            return
        if isinstance(event, TextDelta):
            self._answer += event.text
        if isinstance(event, Progress) and _is_note(event):
            self._notes += (event.what,) if event.what not in self._notes else ()
        self._status = status_html(event) or self._status

    def _summary(self) -> str:
        costs = receipt_html(self.receipt)
        if self._seen.is_complete:
            return reading_summary(self._seen, self._read_s, self._notes) + costs
        if not self._answer:
            return note_html("Stopped.")
        # by a model that looks at the pictures and reads no lines
        return "".join([*map(note_html, self._notes), costs])

    def _kept(self) -> Update:
        """Remember a complete reading and offer it for download."""
        parts, seen = self._parts, self._seen
        if not seen.is_complete:
            return {}
        name = Path(seen.paths[0]).stem or "pictures"
        as_text = keep(to_text(seen).encode(), f"{name}.txt")
        as_json = keep(to_json(seen).encode(), f"{name}.json")
        return {
            parts.seen: seen,
            parts.as_text: gr.update(value=as_text, interactive=True),
            parts.as_json: gr.update(value=as_json, interactive=True),
        }


def _working_s(receipt: Receipt) -> float:
    """Seconds since the click, without waiting and loading."""
    return time.monotonic() - receipt.submitted - receipt.queued_s - receipt.loaded_s


def _is_note(event: Progress) -> bool:
    return event.unit in ("lines", "image tokens") or "scaled down" in event.what
