"""One request about pictures on its way: what has come so far, and how it looks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from ui.core.asking import MAX_TURNS, question_html
from ui.core.kept import keep
from ui.core.parts import start_or_stop
from ui.core.render import busy_html, status_html
from ui.core.request import RequestRun, Update
from workers.flows.receipt import Receipt
from workers.messages import ChatMessage, Event, PictureRead, Progress, TextDelta

from .layout import VisionParts
from .view import (
    AskedPictures,
    PictureReadings,
    after_html,
    pictures_html,
    reading_summary,
    said_html,
    to_json,
    to_text,
    turn_html,
)


class PictureRun(RequestRun):
    """Pictures that are read, then asked about if there is a question."""

    def __init__(
        self,
        parts: VisionParts,
        seen: PictureReadings,
        asked: AskedPictures,
        turns: list[str],
        rows: tuple[ChatMessage, ...],
    ) -> None:
        """`seen` is what is known of the pictures before; `turns` and `rows` are the answers before."""
        super().__init__()
        self._parts = parts
        self._seen = seen
        self._asked = asked
        self._turns = turns
        self._rows = rows
        self._read_s: float | None = None
        self._status = ""

    def begun(self) -> Update:
        """The question; the answers before are above it. Only reading leaves them as they are."""
        parts = self._parts
        update: Update = {parts.status: busy_html("starting"), **self._can_stop(True)}
        if not self._asked.question:
            return update
        return {
            **update,
            parts.earlier: "".join(self._turns),
            parts.asked: question_html(self._asked.question),
            parts.answer: "",
            parts.after: "",
            parts.composer.question: "",
        }

    def advanced(self, batch: Sequence[Event]) -> Update:
        """The readings as they come, then the answer."""
        for event in batch:
            self._see(event)
        parts, seen = self._parts, self._seen
        update: Update = {parts.status: self._status}
        if any(isinstance(event, PictureRead) for event in batch):
            update |= {parts.view: pictures_html(seen), parts.text: to_text(seen)}
            update |= self._kept()  # now, so that Stop does not lose the reading
        if self._asked.text:
            update[parts.answer] = said_html(self._asked)
        return update

    def failed(self, error: str) -> Update:
        """What was read and written stays."""
        self._asked.error = error
        if self._asked.question:
            return self._at_rest()
        return {self._parts.status: error, **self._can_stop(False)}

    async def ended(self) -> Update:
        """What was found, and what it cost."""
        return self._at_rest()

    def _at_rest(self) -> Update:
        parts, asked = self._parts, self._asked
        asked.receipt, asked.is_done = self.receipt, True
        rest: Update = {parts.status: "", **self._summary(), **self._can_stop(False)}
        if not asked.question:
            return rest
        said = (
            ChatMessage(role="user", text=asked.question),
            ChatMessage(role="assistant", text=asked.text),
        )
        return {
            **rest,
            parts.turns: [*self._turns, turn_html(asked)][-MAX_TURNS:],
            parts.rows: [*self._rows, *said] if asked.text else list(self._rows),
            parts.answer: said_html(asked),
            parts.after: after_html(asked),
        }

    def _can_stop(self, is_running: bool) -> Update:
        composer = self._parts.composer
        return start_or_stop(composer.send, composer.stop, is_running=is_running)

    def _see(self, event: Event) -> None:
        asked = self._asked
        if isinstance(event, PictureRead):
            self._seen = self._seen.with_reading(event)
            self._read_s = _working_s(self.receipt)
            return
        if isinstance(event, TextDelta):
            asked.text += event.text
        if isinstance(event, Progress) and _is_note(event) and event.what not in asked.notes:
            asked.notes += (event.what,)
        self._status = status_html(event) or self._status

    def _summary(self) -> dict[Any, Any]:
        """The line under the pictures; of a model that looks itself and reads no lines there is none."""
        if not self._seen.is_complete or self._read_s is None:  # what is there says it already
            return {}
        notes = () if self._asked.question else self._asked.notes
        return {self._parts.reading: reading_summary(self._seen, self._read_s, notes)}

    def _kept(self) -> Update:
        """Remember a complete reading and offer it for download."""
        parts, seen = self._parts, self._seen
        if not seen.is_complete:
            return {}
        name = Path(seen.paths[0]).stem or "pictures"
        return {
            parts.seen: seen,
            parts.read: gr.Button(visible=False),
            parts.text_panel: gr.Accordion(visible=True),
            parts.as_text: keep(to_text(seen).encode(), f"{name}.txt"),
            parts.as_json: keep(to_json(seen).encode(), f"{name}.json"),
        }


def _working_s(receipt: Receipt) -> float:
    """Seconds since the click, without waiting and loading."""
    return time.monotonic() - receipt.submitted - receipt.queued_s - receipt.loaded_s


def _is_note(event: Progress) -> bool:
    return event.unit in ("lines", "image tokens") or "scaled down" in event.what
