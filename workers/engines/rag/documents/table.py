"""Tables as text files: CSV, TSV and their kin."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from workers.messages import Metadata
from workers.messages.errors import UnsupportedInputError

from .decoding import decode
from .section import OpenDocument, Section
from .source import Source

_ROWS = 40
"""Rows of a section."""
_MAX_CELL_CHARS = 2**24
csv.field_size_limit(_MAX_CELL_CHARS)


def open_csv(source: Source) -> OpenDocument:
    """Open a table: one line per row, each value with its column's name, so a row explains itself."""
    text = decode(source.name, source.data, source.reading)
    try:
        dialect: type[csv.Dialect] | csv.Dialect = csv.Sniffer().sniff(text[:4096], ",;\t|")
    except csv.Error:
        dialect = csv.excel
    return OpenDocument(sections=_sections(source, text, dialect))


def _sections(
    source: Source, text: str, dialect: type[csv.Dialect] | csv.Dialect
) -> Iterator[Section]:
    reader = csv.reader(io.StringIO(text, newline=""), dialect)
    try:
        yield from row_sections(source, reader)
    except csv.Error as err:
        raise UnsupportedInputError(
            f"{source.name} is not a readable table: {err} (line {reader.line_num:,})."
        ) from err


def row_sections(
    source: Source,
    rows: Iterable[Sequence[str]],
    *,
    headings: tuple[str, ...] = (),
    place: Metadata = (),
) -> Iterator[Section]:
    """Yield a table some rows at a time; its first row that is not empty names the columns.

    Raises: UnsupportedInputError if there are too many rows or columns, or it takes too long.
    """
    header: list[str] | None = None
    lines: list[str] = []
    num_lines = 0
    for number, row in enumerate(rows, start=1):
        _check_bounds(source, number, row)
        if not any(row):
            continue
        if header is None:
            header = [title.strip() for title in row]
            continue
        lines.append(_line(header, row))
        num_lines += 1
        if len(lines) == _ROWS:
            yield Section(text="\n".join(lines), headings=headings, place=place)
            lines = []
    if lines or (header and not num_lines):
        text = "\n".join(lines or ["; ".join(filter(None, header or []))])
        yield Section(text=text, headings=headings, place=place)


def _line(header: list[str], row: Sequence[str]) -> str:
    named = zip([*header, *[""] * len(row)], row, strict=False)
    return "; ".join(f"{title}: {value}" if title else value for title, value in named if value)


def _check_bounds(source: Source, number: int, row: Sequence[str]) -> None:
    if number % 1000 == 1:
        source.reading.step()
    limits = source.limits
    if len(row) > limits.max_columns:
        raise UnsupportedInputError(
            f"{source.name} has {len(row):,} columns; at most {limits.max_columns:,} are read.",
            hint="Keep the columns that you want to ask about.",
        )
    if number > limits.max_rows:
        raise UnsupportedInputError(
            f"{source.name} has more than {limits.max_rows:,} rows.",
            hint="Split it into smaller files.",
        )
