"""Plain text, source code and CSV."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator

from workers.messages.errors import UnsupportedInputError

from .section import OpenDocument, Section

_BLOCK_CHARS = 8000
"""Text without headings is handed on in blocks of about this size, so that a cancel is heard."""
_SAMPLE_BYTES = 200_000


def decode(name: str, data: bytes) -> str:
    """Bytes → text in whatever charset they are. Raises: UnsupportedInputError if there is none."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    from charset_normalizer import from_bytes

    best = from_bytes(data[:_SAMPLE_BYTES]).best()
    if best is None:
        raise UnsupportedInputError(
            f"{name} is not a text: no character set fits its {len(data)} bytes.",
            hint="Save it as UTF-8.",
        )
    return data.decode(best.encoding, errors="replace")


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


def open_text(name: str, data: bytes) -> OpenDocument:
    """Open a text without structure."""
    text = decode(name, data).replace("\r\n", "\n")
    text = re.sub(r"\n{3,}", "\n\n", text)
    return OpenDocument(sections=(Section(text=block) for block in blocks(text)))


def open_csv(name: str, data: bytes) -> OpenDocument:
    """Open a table: one line per row, each value with its column's name, so a row explains itself."""
    text = decode(name, data)
    try:
        dialect: type[csv.Dialect] | csv.Dialect = csv.Sniffer().sniff(text[:4096], ",;\t|")
    except csv.Error:
        dialect = csv.excel
    return OpenDocument(sections=_rows(csv.reader(io.StringIO(text, newline=""), dialect), name))


def _rows(reader: Iterator[list[str]], name: str) -> Iterator[Section]:
    lines: list[str] = []
    try:
        header = [title.strip() for title in next(reader, [])]
        for row in reader:
            named = zip([*header, *[""] * len(row)], row, strict=False)
            cells = (f"{title}: {value}" if title else value for title, value in named if value)
            lines.append("; ".join(cells))
            if len(lines) == 40:
                yield Section(text="\n".join(lines))
                lines = []
    except csv.Error as err:
        raise UnsupportedInputError(f"{name} is not a readable table: {err}.") from err
    yield Section(text="\n".join(lines or ["; ".join(header)]))
