"""What happens on each click of the Vision tab."""

from __future__ import annotations

import uuid
from contextlib import aclosing
from pathlib import Path

import gradio as gr

from ui.core.asking import pressed
from ui.core.drop_area import uploaded_paths
from ui.core.parts import start_or_stop
from ui.core.render import note_html
from ui.core.request import Steps, Update, Updates, run_request, streamed
from workers.client import Client, StopSwitch
from workers.flows.pictures import ask_about_pictures
from workers.messages import ChatMessage, Describe, Media, SamplingParams, Thinking
from workers.messages.sampling import sampling_for
from workers.specs.spec import spec_of

from .layout import VisionParts
from .run import PictureRun
from .view import AskedPictures, PictureReadings, pictures_html

NO_PICTURE = "Add at least one picture first."
NO_QUESTION = "Type a question about the picture first."
SAMPLING = SamplingParams(temperature=0.0, repeat_penalty=1.0, max_tokens=128)
"""Answers come from the page, so the likeliest token is wanted, also when it repeats the page."""
LOOKING = {"max_tokens": 512}
"""A model that looks itself answers as its card says, but not for ever."""

Rows = list[ChatMessage]


class VisionHandlers:
    """One method per event. Of a browser it holds how its answer is stopped."""

    def __init__(self, client: Client, parts: VisionParts) -> None:
        self._client = client
        self._parts = parts
        self._switches: dict[str, StopSwitch] = {}

    @streamed
    def on_files(self, event: gr.EventData, seen: PictureReadings, answer_id: str) -> Steps:
        """Add pictures: what was said about fewer goes. A model that reads begins at once."""
        self._stop(answer_id)
        added = PictureReadings((*seen.paths, *uploaded_paths(event)))
        yield self._fresh(added)
        if added.paths and not self._looks():
            yield self._run(added, AskedPictures(question=""), [], [])

    @streamed
    def on_view(self, event: gr.EventData, seen: PictureReadings, answer_id: str) -> Steps:
        """Take one picture away; the others are read already or are read now."""
        given = event._data if isinstance(event._data, dict) else {}
        place = str(given.get("id", ""))
        if not place.isdigit() or int(place) >= len(seen.paths):
            yield {self._parts.status: gr.skip()}
            return
        self._stop(answer_id)
        paths = tuple(path for n, path in enumerate(seen.paths) if n != int(place))
        rest = PictureReadings(paths)
        yield self._fresh(rest)
        if rest.paths and not self._looks():
            yield self._run(rest, AskedPictures(question=""), [], [])

    @streamed
    def on_read(self, seen: PictureReadings) -> Steps:
        """Read the text of the pictures; ask nothing."""
        if seen.paths:
            yield self._run(seen, AskedPictures(question=""), [], [])
        else:
            yield {self._parts.status: note_html(NO_PICTURE)}

    @streamed
    def on_ask(
        self, question: str, seen: PictureReadings, turns: list[str], rows: Rows, answer_id: str
    ) -> Steps:
        """Ask about the pictures, reading them first unless that has been done."""
        question = (question or "").strip()
        if not question or not seen.paths:
            yield {self._parts.status: note_html(NO_QUESTION if seen.paths else NO_PICTURE)}
            return
        self._stop(answer_id)  # one answer at a time in this browser tab
        yield self._run(seen, AskedPictures(question=question), turns, rows)

    @streamed
    def on_act(
        self,
        event: gr.EventData,
        seen: PictureReadings,
        turns: list[str],
        rows: Rows,
        answer_id: str,
    ) -> Steps:
        """Ask the same once more, as if it had not been asked just now."""
        act, question = pressed(event)
        if act != "again" or not question or not seen.paths:
            yield {self._parts.status: gr.skip()}
            return
        self._stop(answer_id)
        is_last = len(rows) >= 2 and rows[-2].text == question
        yield self._run(
            seen, AskedPictures(question=question), turns, rows[:-2] if is_last else rows
        )

    @streamed
    def on_example(self, path: str, question: str, answer_id: str) -> Steps:
        """Show the picture that comes with the page, and ask about it."""
        self._stop(answer_id)
        seen = PictureReadings((path,))
        yield self._fresh(seen)
        yield self._run(seen, AskedPictures(question=question), [], [])

    def on_stop(self, answer_id: str) -> Update:
        """End the request in whichever worker is at it: what is read and written stays."""
        self._stop(answer_id)
        composer = self._parts.composer
        return start_or_stop(composer.send, composer.stop, is_running=False)

    def _fresh(self, seen: PictureReadings) -> Update:
        parts = self._parts
        return {
            parts.seen: seen,
            parts.rows: [],
            parts.turns: [],
            parts.earlier: "",
            parts.asked: "",
            parts.answer: "",
            parts.after: "",
            parts.status: "",
            parts.reading: "",
            parts.view: pictures_html(seen) if seen.paths else "",
            parts.text: "",
            parts.text_panel: gr.Accordion(visible=False),
            parts.read: gr.Button(visible=bool(seen.paths)),
        }

    async def _run(
        self, seen: PictureReadings, asked: AskedPictures, turns: list[str], rows: Rows
    ) -> Updates:
        parts = self._parts
        known = seen.readings if seen.is_complete else ()
        answer_id = uuid.uuid4().hex
        switch = self._switches[answer_id] = StopSwitch()
        events = ask_about_pictures(
            self._client.stopped_by(switch), self._request(seen, asked, rows), known
        )
        run = PictureRun(parts, seen, asked, turns, tuple(rows))
        try:
            yield {parts.answer_id: answer_id}
            async with aclosing(run_request(events, run)) as updates:
                async for update in updates:
                    yield update
        finally:
            del self._switches[answer_id]

    def _request(self, seen: PictureReadings, asked: AskedPictures, rows: Rows) -> Describe:
        images = tuple(Media(name=Path(path).name, path=path) for path in seen.paths)
        question = [ChatMessage(role="user", text=asked.question)] if asked.question else []
        card = self._client.card("vision")
        sampling = sampling_for(card, LOOKING, Thinking()) if self._looks() else SAMPLING
        return Describe(images=images, messages=(*rows, *question), sampling=sampling)

    def _looks(self) -> bool:
        """Whether the model of now looks at pictures itself, instead of reading their text."""
        spec = spec_of(self._client.card("vision"))
        return spec is None or not spec.only_reads

    def _stop(self, answer_id: str) -> None:
        if (switch := self._switches.get(answer_id)) is not None:
            switch.press()
