"""What happens on each click of the Vision tab."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from ui.core.parts import can_stop
from ui.core.render import note_html
from ui.core.request import Steps, Update, Updates, run_request, streamed
from workers.client import Client
from workers.flows.pictures import ask_about_pictures
from workers.messages import Describe, Media, SamplingParams, Thinking
from workers.messages.sampling import sampling_for
from workers.specs.spec import spec_of

from .layout import EMPTY, VisionParts
from .run import PictureRun
from .view import PictureReadings, conversation, pictures_html

NO_PICTURE = "Add at least one picture first."
NO_QUESTION = "Type a question about the picture first."
SAMPLING = SamplingParams(temperature=0.0, repeat_penalty=1.0, max_tokens=128)
"""Answers come from the page, so the likeliest token is wanted, also when it repeats the page."""
LOOKING = {"max_tokens": 512}
"""A model that looks itself answers as its card says, but not for ever."""

Paths = tuple[str, ...]


class VisionHandlers:
    """One method per event; holds no state of its own."""

    def __init__(self, client: Client, parts: VisionParts) -> None:
        self._client = client
        self._parts = parts

    @streamed
    def on_read(self, gallery: Any, seen: PictureReadings) -> Steps:
        """Read the text of the pictures; ask nothing."""
        paths = _paths(gallery)
        if paths:
            yield self._run(paths, seen, [])
        else:
            yield {self._parts.status: note_html(NO_PICTURE)}

    @streamed
    def on_ask(
        self, gallery: Any, question: str, history: list[dict[str, Any]], seen: PictureReadings
    ) -> Steps:
        """Ask about the pictures, reading them first unless that has been done."""
        question = (question or "").strip()
        paths = _paths(gallery)
        if not question or not paths:
            yield {self._parts.status: note_html(NO_QUESTION if paths else NO_PICTURE)}
            return
        earlier = list(history) if seen.paths in ((), paths) else []
        yield self._run(paths, seen, [*earlier, {"role": "user", "content": question}])

    def on_pictures(self, gallery: Any) -> Update:
        """Other pictures: what was read and said about the old ones goes."""
        parts = self._parts
        paths = _paths(gallery)
        off = gr.update(value=None, interactive=False)
        return {
            parts.seen: PictureReadings(),
            parts.chat: [],
            parts.view: pictures_html(PictureReadings(paths)) if paths else note_html(EMPTY),
            parts.text: "",
            parts.status: "",
            parts.as_text: off,
            parts.as_json: off,
        }

    def on_stop(self) -> str:
        """Say that it is being stopped; the request was cancelled by the closed generator."""
        return note_html("Stopping")

    def on_stopped(self, *values: Any) -> tuple[Any, ...]:
        """Say that it is stopped; returns what is shown, unchanged.

        Only now is the last streamed update in. Gradio marks the outputs of an event that is
        cancelled in its first moment with "Error"; another event that writes them clears the mark.
        """
        return note_html("Stopped."), can_stop(False), *values

    def _run(self, paths: Paths, seen: PictureReadings, rows: list[dict[str, Any]]) -> Updates:
        known = seen.readings_of(paths)
        images = tuple(Media(name=Path(path).name, path=path) for path in paths)
        card = self._client.card("vision")
        spec = spec_of(card)
        looks = spec is None or not spec.only_reads
        sampling = sampling_for(card, LOOKING, Thinking()) if looks else SAMPLING
        request = Describe(images=images, messages=conversation(rows), sampling=sampling)
        run = PictureRun(self._parts, PictureReadings(paths, known), rows)
        return run_request(ask_about_pictures(self._client, request, known), run)


def _paths(gallery: Any) -> Paths:
    return tuple(path for path, _ in gallery or ())
