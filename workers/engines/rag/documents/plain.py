"""Plain text, logs and data files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .decoding import decode
from .section import OpenDocument, Section
from .source import Source

_BLOCK_CHARS = 8000
"""Text without headings is handed on in blocks of about this size, so that a cancel is heard."""


def blocks(text: str) -> Iterator[str]:
    """Cut a long text at blank lines, else at line ends, else anywhere, into blocks."""
    start = 0
    while start < len(text):
        end = start + _BLOCK_CHARS
        if end < len(text):
            half = start + _BLOCK_CHARS // 2
            cuts = (text.rfind(mark, half, end) for mark in ("\n\n", "\n", " "))
            end = next((cut for cut in cuts if cut > 0), end)
        yield text[start:end]
        start = end


def open_text(source: Source) -> OpenDocument:
    """Open a text without structure."""
    text = decode(source.name, source.data, source.reading)
    text = re.sub(r"\r\n?", "\n", text)
    text = re.sub(r"\n{3,}", "\n\n", text)
    return OpenDocument(sections=(Section(text=block) for block in blocks(text)))
