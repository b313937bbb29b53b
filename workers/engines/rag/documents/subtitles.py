"""Subtitles (srt, vtt, ass), with pysubs2: what is said, and from when to when."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .decoding import decode
from .plain import blocks, open_text
from .section import OpenDocument, Section
from .source import Source, log

_SECTION_CHARS = 500
"""About half a minute of talk: what is said together, and near enough to its time."""
_PAUSE_MS = 20_000
_MAX_LINE = 100_000
"""Longer lines are no subtitles, and slow to be taken apart as such."""


def open_subtitles(source: Source) -> OpenDocument:
    """Open subtitles; a file that only ends like one is read as the text that it is."""
    import pysubs2

    text = decode(source.name, source.data, source.reading)
    if max(map(len, text.splitlines()), default=0) > _MAX_LINE:
        return open_text(source)
    try:
        lines = [one for one in pysubs2.SSAFile.from_string(text) if not one.is_comment]
    except Exception as err:  # noqa: BLE001 (pysubs2 raises what it likes for what it does not know)
        log.info("subtitles without times", exc_info=err)
        lines = []
    if not lines:
        source.reading.lose(f"{source.name} has no times: it is read as a text.")
        return open_text(source)
    lines.sort(key=lambda one: one.start)
    return OpenDocument(sections=_sections(source, lines))


def _sections(source: Source, lines: list[Any]) -> Iterator[Section]:
    held: list[str] = []
    start = end = size = 0
    for number, line in enumerate(lines):
        if number % 1000 == 0:
            source.reading.step()
        text = re.sub(r"\s*\n\s*", " ", line.plaintext).strip()
        if not text or line.is_drawing:
            continue
        if held and (size > _SECTION_CHARS or line.start > end + _PAUSE_MS):
            yield from _section(held, start, end)
            held, size = [], 0
        start = start if held else line.start
        end = max(end if held else 0, line.end)
        held.append(f"{line.name}: {text}" if line.name else text)
        size += len(text)
    yield from _section(held, start, end)


def _section(lines: list[str], start: int, end: int) -> Iterator[Section]:
    place = (("time", f"{clock(start)}–{clock(end)}"),)
    for block in blocks("\n".join(lines)):
        yield Section(text=block, place=place)


def clock(milliseconds: int) -> str:
    """Return for example "1:02:03"."""
    seconds = max(0, milliseconds) // 1000
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
