"""What was read in pictures → HTML, text and JSON. Pure: no gradio; everything is escaped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from statistics import median
from urllib.parse import quote

from ui.core.asking import actions_html, answer_html, question_html, remark_html
from ui.core.icons import icon, icon_button
from ui.core.render import seconds
from workers.flows.picture_prompt import layout_text
from workers.flows.receipt import Receipt
from workers.messages import PictureRead, TextLine

CAMERA = f"""<div class="q-camera"><button type="button" class="q-b" data-camera="open">{icon("camera")}<b>Camera</b></button>
<div class="q-camera-view" hidden><video playsinline muted></video><div class="q-choices">
<button type="button" class="q-b q-go" data-camera="take">Take the picture</button>
<button type="button" class="q-b" data-camera="close">Close</button></div></div>
<p class="q-drop-state" role="alert"></p></div>"""

UNSURE = 0.8
"""Lines below this confidence are marked: they are worth a second look."""
NUMBER_SIZE_SHARE = 0.028
"""Height of the line numbers as a share of the picture's shorter side."""


@dataclass(frozen=True, slots=True)
class PictureReadings:
    """What one browser tab has had read: files, and the reading of each, in the same order."""

    paths: tuple[str, ...] = ()
    readings: tuple[PictureRead, ...] = ()

    def readings_of(self, paths: tuple[str, ...]) -> tuple[PictureRead, ...]:
        """Return the readings if they are of exactly these files, else nothing."""
        return self.readings if self.paths == paths else ()

    def with_reading(self, reading: PictureRead) -> PictureReadings:
        """Return these with one more, or with a newer one of the same picture."""
        others = [other for other in self.readings if other.index != reading.index]
        return PictureReadings(self.paths, (*others, reading))

    @property
    def is_complete(self) -> bool:
        """Whether every picture has been read."""
        return len(self.readings) >= len(self.paths)


@dataclass(slots=True, kw_only=True)
class AskedPictures:
    """One question about pictures and what has come for it so far; "" while they are only read."""

    question: str
    text: str = ""
    error: str = ""
    """Ready to show."""
    notes: tuple[str, ...] = ()
    """What was done to the pictures or their text, for people."""
    receipt: Receipt = field(default_factory=Receipt)
    is_done: bool = False


def welcome_html(about: str) -> str:
    """What the tab is for, and what the model of now can do."""
    return (
        '<div class="q-welcome"><h2>Ask about a picture</h2><p>Receipts, screenshots, photographed '
        f'pages. The picture stays on this machine.</p><p class="q-about">{escape(about)}</p></div>'
    )


def said_html(asked: AskedPictures) -> str:
    """The answer as far as it is written."""
    return answer_html(asked.text, is_done=asked.is_done)


def after_html(asked: AskedPictures) -> str:
    """What follows an answer: remarks, then the row of actions."""
    if not asked.is_done or not asked.question:
        return asked.error
    notes = "".join(map(remark_html, asked.notes))
    acts = ("copy", "again") if asked.text.strip() else ("again",)
    return asked.error + notes + actions_html(asked.receipt, actions=acts)


def turn_html(asked: AskedPictures) -> str:
    """A whole question and answer, as it stays above the next one."""
    return (
        f'<article class="q-turn"><div class="q-turn-main">{question_html(asked.question)}'
        f"{said_html(asked)}{after_html(asked)}</div></article>"
    )


def pictures_html(seen: PictureReadings) -> str:
    """Every picture with its lines outlined and numbered, and the lines as a list below it."""
    by_index = {reading.index: reading for reading in seen.readings}
    figures = [
        _figure(index, path, by_index.get(index), is_one=len(seen.paths) == 1)
        for index, path in enumerate(seen.paths)
    ]
    return f'<div class="q-pictures">{"".join(figures)}</div>'


def _figure(index: int, path: str, reading: PictureRead | None, *, is_one: bool) -> str:
    name = escape(Path(path).name, quote=True)
    heading = "" if is_one else f"<b>Picture {index + 1}</b> "
    found, overlay, lines, size, switch = "", "", "", "", ""
    if reading is not None:
        count = f"{len(reading.lines)} lines" if reading.lines else "no text found"
        found = f" · {reading.width} × {reading.height} pixels · {count}"
        overlay = _overlay(reading)
        size = f' style="--ratio:{reading.width / reading.height:.4f};--pixels:{reading.width}px"'
        switch = icon_button("lines", "Outline the lines", act="lines") if reading.lines else ""
        items = "".join(_item(line) for line in reading.lines)
        lines = (
            f"<details><summary>Lines by number</summary><ol>{items}</ol></details>"
            if items
            else ""
        )
    image = f'<img src="gradio_api/file={quote(path)}" alt="{name}">'
    away = (
        f'<button type="button" class="q-ib" data-act="away" data-id="{index}" '
        f'aria-label="Take {name} away" title="Take it away">{icon("close")}</button>'
    )
    return (
        f'<figure><div class="q-seen"{size}>{image}{overlay}</div>'
        f"<figcaption><span>{heading}{name}{found}</span>{switch}{away}</figcaption>{lines}</figure>"
    )


def _overlay(reading: PictureRead) -> str:
    """An SVG in the picture's own pixels; hovering or focusing a box shows its text."""
    size = max(
        8, round(min(_line_height(reading), min(reading.width, reading.height) * NUMBER_SIZE_SHARE))
    )
    boxes = "".join(_box(number, line, size) for number, line in enumerate(reading.lines, 1))
    return (
        f'<svg viewBox="0 0 {reading.width} {reading.height}" preserveAspectRatio="none" '
        f'role="img" aria-label="{len(reading.lines)} lines of text outlined">{boxes}</svg>'
    )


def _line_height(reading: PictureRead) -> float:
    """The usual height of a line in pixels: numbers that are higher would hide their neighbours."""
    heights = [max(y for _, y in line.box) - min(y for _, y in line.box) for line in reading.lines]
    return median(heights) if heights else float(reading.height)


def _box(number: int, line: TextLine, size: int) -> str:
    points = " ".join(f"{x:g},{y:g}" for x, y in line.box)
    x, y = line.box[0]
    unsure = ' class="q-unsure"' if line.confidence < UNSURE else ""
    return (
        f"<g{unsure}><title>{number}. {escape(line.text)} ({line.confidence:.0%})</title>"
        f'<polygon points="{points}"/>'
        f'<text x="{max(0.0, x - size * 0.2):g}" y="{y + size * 0.35:g}" font-size="{size}" '
        f'text-anchor="end">{number}</text></g>'
    )


def _item(line: TextLine) -> str:
    unsure = ' class="q-unsure"' if line.confidence < UNSURE else ""
    return f'<li{unsure} title="{line.confidence:.0%} sure">{escape(line.text)}</li>'


def to_text(seen: PictureReadings) -> str:
    """The text of all pictures, rows kept; headed by the file names if there are several."""
    parts = []
    for reading in seen.readings:
        heading = f"# {Path(seen.paths[reading.index]).name}\n" if len(seen.paths) > 1 else ""
        parts.append(heading + layout_text(reading))
    return "\n\n".join(parts)


def to_json(seen: PictureReadings) -> str:
    """Pictures, sizes, lines, boxes (pixels) and confidences, for programs."""
    pictures = [
        {
            "file": Path(seen.paths[reading.index]).name,
            "width": reading.width,
            "height": reading.height,
            "lines": [
                {"text": line.text, "confidence": line.confidence, "box": line.box}
                for line in reading.lines
            ],
        }
        for reading in seen.readings
    ]
    return json.dumps({"pictures": pictures}, ensure_ascii=False, indent=2)


def reading_summary(seen: PictureReadings, read_s: float | None, notes: Sequence[str] = ()) -> str:
    """The line under a finished reading; `read_s` is None when an earlier reading was reused."""
    num_lines = sum(len(reading.lines) for reading in seen.readings)
    took = f" in {seconds(read_s)}" if read_s is not None else " (read before)"
    found = f"{num_lines} line{'' if num_lines == 1 else 's'}" if num_lines else "No text was found"
    text = " · ".join([f"{found}{took}", *notes])
    return f'<div class="q-line q-receipt">{escape(text)}</div>'
