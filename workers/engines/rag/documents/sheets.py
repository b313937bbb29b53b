"""Excel files, sheet by sheet, with calamine: a row says the names of its columns."""

from __future__ import annotations

import datetime
import io
import posixpath
import re
from collections.abc import Iterator
from typing import Any

from workers.messages.errors import UnsupportedInputError

from .archive import Archive, said_of_itself
from .section import OpenDocument, Section
from .source import Source
from .table import row_sections
from .word import PROPERTIES

_MAX_CELLS = 10_000_000
"""Of the rectangle that a sheet fills: calamine keeps all of it, 32 bytes a cell, empty ones too."""
_CELL = re.compile(rb"""\br=["']([A-Z]{1,3})(\d{1,7})["']""")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def open_xlsx(source: Source) -> OpenDocument:
    """Open a workbook. Raises: UnsupportedInputError if it is damaged or has too many sheets."""
    import python_calamine

    archive = Archive(source)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(source.data))
    except BaseException as err:
        raise _damaged(source, err) from err
    sheets = [
        one.name
        for one in book.sheets_metadata
        if one.typ is python_calamine.SheetTypeEnum.WorkSheet
    ]
    if len(sheets) > source.limits.max_pages:
        raise UnsupportedInputError(
            f"{source.name} has {len(sheets):,} sheets; at most {source.limits.max_pages:,} are read."
        )
    said = said_of_itself(archive, "docProps/core.xml", PROPERTIES)
    return OpenDocument(
        sections=_sections(source, archive, book, sheets), metadata=tuple(sorted(said.items()))
    )


def _damaged(source: Source, err: BaseException) -> BaseException:
    """Return what to raise: a parser in Rust that gives up raises what no `except Exception` sees."""
    if not isinstance(err, Exception) and type(err).__name__ != "PanicException":
        return err
    return UnsupportedInputError(
        f"{source.name} is a damaged Excel file: {type(err).__name__}.",
        hint="Open it in Excel or LibreOffice and save it again.",
    )


def _sections(source: Source, archive: Archive, book: Any, sheets: list[str]) -> Iterator[Section]:
    parts = _parts(archive)
    for name in sheets:
        with source.reading.losing(f"Sheet {name} of {source.name}"):
            source.reading.step()
            _check_size(archive, parts.get(name, ""))
            yield from row_sections(
                source, _rows(source, book, name), headings=(name,), place=(("sheet", name),)
            )


def _rows(source: Source, book: Any, name: str) -> Iterator[list[str]]:
    try:
        for row in book.get_sheet_by_name(name).iter_rows():
            yield [_words(value) for value in row]
    except GeneratorExit:
        raise
    except BaseException as err:
        raise _damaged(source, err) from err


def _words(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ").removesuffix(" 00:00:00")
    return " ".join(str(value).split())


def _parts(archive: Archive) -> dict[str, str]:
    """Return which part of the archive has which sheet."""
    relations = archive.xml("xl/_rels/workbook.xml.rels")
    targets = {one.get("Id"): str(one.get("Target")) for one in relations}
    book = archive.xml("xl/workbook.xml")
    return {
        str(sheet.get("name")): posixpath.normpath(
            posixpath.join("/xl", targets.get(sheet.get(_RELATION), ""))
        ).lstrip("/")
        for sheet in book.iter("{*}sheet")
    }


def _check_size(archive: Archive, part: str) -> None:
    """Refuse a sheet of a few cells that are far apart. Raises: UnsupportedInputError."""
    if part not in archive.names:
        return
    width = height = 0
    for cell in _CELL.finditer(archive.read(part)):
        letters, row = cell.groups()
        height = max(height, int(row))
        number = 0
        for letter in letters:
            number = number * 26 + letter - 64
        width = max(width, number)
    if width * height > _MAX_CELLS:
        raise UnsupportedInputError(
            f"it is {height:,} rows high and {width:,} columns wide; at most {_MAX_CELLS:,} cells "
            "are read."
        )
