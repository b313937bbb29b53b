"""OpenDocument files (odt, odp, ods): a zip archive whose content.xml has it all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workers.messages.errors import UnsupportedInputError

from .archive import Archive, said_of_itself
from .plain import blocks
from .section import OpenDocument, Outline, Section
from .source import Source
from .table import row_sections

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_SAID = {"title": "title", "creator": "author", "initial-creator": "author", "date": "date"}
_UNSEEN = frozenset(
    ("annotation", "tracked-changes", "hidden-text", "hidden-paragraph", "note-citation", "forms")
)
"""Comments, what was deleted, what is hidden."""
_MAX_REPEATED = 1000
"""Cells that a table writes once and shows many times."""


def is_open_office(names: set[str]) -> bool:
    """Whether an archive with these parts is one."""
    return "content.xml" in names and "META-INF/manifest.xml" in names


def open_open_office(source: Source) -> OpenDocument:
    """Open a text, a presentation or tables. Raises: UnsupportedInputError if it is damaged or locked."""
    archive = Archive(source)
    if b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise UnsupportedInputError(
            f"{source.name} is protected by a password.",
            hint="Save a copy without a password and add that.",
        )
    try:
        body = archive.xml("content.xml").find("{*}body")
    except UnsupportedInputError as err:
        raise UnsupportedInputError(f"{source.name} cannot be read: {err.message}") from err
    content = next(iter(body), None) if body is not None else None
    if content is None:
        raise UnsupportedInputError(f"{source.name} is damaged: it has no content.")
    read = {"presentation": _slides, "spreadsheet": _sheets}.get(_local(content), _text)
    said = said_of_itself(archive, "meta.xml", _SAID)
    return OpenDocument(
        sections=_all(source, archive, read(source, content)), metadata=tuple(sorted(said.items()))
    )


def _all(source: Source, archive: Archive, sections: Iterator[Section]) -> Iterator[Section]:
    yield from sections
    if "styles.xml" not in archive.names:
        return
    seen: set[str] = set()
    with source.reading.losing(f"The headers and footers of {source.name}"):
        for margin in archive.xml("styles.xml").iter("{*}header", "{*}footer"):
            part = _local(margin)
            text = "\n".join(filter(None, (_words(one) for one in margin.iter(f"{_TEXT}p"))))
            if text and text not in seen:
                seen.add(text)
                yield Section(text=text, headings=(part.title(),), place=(("part", part),))


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _words(element: Any) -> str:
    """Return the text of a paragraph, with its spaces, tabs and notes, without what nobody sees."""
    found: list[str] = []
    within: list[tuple[Any, bool]] = [(element, False)]
    while within:
        one, is_end = within.pop()
        if is_end:
            found.append(one.tail or "")
            continue
        name = _local(one)
        within.extend([(one, True)] if one is not element else [])
        if name in _UNSEEN:
            continue
        found.append({"tab": "\t", "line-break": "\n", "s": " ", "p": " "}.get(name, ""))
        found.append(one.text or "")
        within.extend((child, False) for child in reversed(one))
    return "".join(found).strip()


def _lines(source: Source, root: Any, outline: Outline) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield paragraphs and rows of tables in their order, with the headings above."""
    unseen: set[Any] = set()
    for number, element in enumerate(root.iter("{*}*")):
        if number % 1000 == 0:
            source.reading.step()
        name = _local(element)
        parent = element.getparent()
        if name in _UNSEEN or name == "note" or (parent is not None and parent in unseen):
            unseen.add(element)
        elif name == "table-row":
            cells = [
                _words(cell).replace("\n", " ") for cell in element if _local(cell) == "table-cell"
            ]
            unseen.add(element)
            yield " | ".join(cells).strip(" |"), outline.path
        elif element.tag == f"{_TEXT}h":
            unseen.add(element)
            outline.enter(
                int(element.get(f"{_TEXT}outline-level") or 1), " ".join(_words(element).split())
            )
        elif element.tag == f"{_TEXT}p":
            unseen.add(element)
            yield _words(element), outline.path


def _text(source: Source, content: Any) -> Iterator[Section]:
    lines: list[str] = []
    path: tuple[str, ...] = ()
    for line, headings in _lines(source, content, Outline()):
        if headings != path or sum(map(len, lines[-40:])) > 8000:
            yield from _section(lines, path, ())
            lines, path = [], headings
        lines.append(line)
    yield from _section(lines, path, ())


def _slides(source: Source, content: Any) -> Iterator[Section]:
    for number, page in enumerate(content.iter("{*}page"), start=1):
        lines = [line for line, _ in _lines(source, page, Outline())]
        title = lines[0] if lines else ""
        place = (("slide", str(number)),)
        yield from _section(lines[1:] or lines, (title,) if lines[1:] else (), place)


def _section(
    lines: list[str], headings: tuple[str, ...], place: tuple[tuple[str, str], ...]
) -> Iterator[Section]:
    for block in blocks("\n".join(filter(None, lines))):
        yield Section(text=block, headings=headings, place=place)


def _sheets(source: Source, content: Any) -> Iterator[Section]:
    for table in content.iter(f"{_TABLE}table"):
        name = str(table.get(f"{_TABLE}name") or "")
        with source.reading.losing(f"Sheet {name} of {source.name}"):
            rows = (_cells(row) for row in table.iter(f"{_TABLE}table-row"))
            yield from row_sections(source, rows, headings=(name,), place=(("sheet", name),))


def _cells(row: Any) -> list[str]:
    """Return a row without the empty cells after its last; a row that is repeated is said once."""
    cells: list[str] = []
    for cell in row.iter(f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
        repeated = str(cell.get(f"{_TABLE}number-columns-repeated") or "1")
        number = int(repeated) if repeated.isdigit() and len(repeated) < 9 else 1
        cells.extend([" ".join(_words(cell).split())] * min(number, _MAX_REPEATED))
    while cells and not cells[-1]:
        cells.pop()
    return cells
