"""What a model gets of attached files beside the words of a question. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from .reading import FileReading

DEFAULT_QUESTION = "What is in what I have attached?"
"""For a question without words."""
ENDS = "[End of “{name}”]"


def block(reading: FileReading) -> str:
    """Return one file as a model gets it."""
    name, kind = reading.file.name, reading.file.kind
    if not reading.is_read:
        return f"[The attached file “{name}” could not be read: {reading.note or 'no reason is known'}]"
    if reading.is_seen:
        return ""
    if reading.is_long:
        begin = f"[Attached: “{name}”, long: this is its beginning; passages of it may follow]"
        return f"{begin}\n{reading.text} …\n{ENDS.format(name=name)}"
    if not reading.text:
        return f"[The attached file “{name}” has no text: {reading.note}]"
    what = {"picture": "picture", "audio": "recording, written down", "document": "document"}[kind]
    how = f", as {reading.read_as}" if reading.read_as.startswith("seen") else ""
    return f"[Attached {what}: “{name}”{how}]\n{reading.text}\n{ENDS.format(name=name)}"


def with_files(readings: Sequence[FileReading], question: str) -> str:
    """Return a question with what is attached to it, which comes first."""
    blocks = [text for text in map(block, readings) if text]
    asked = question.strip() or (DEFAULT_QUESTION if readings else question)
    return "\n\n".join([*blocks, asked])
