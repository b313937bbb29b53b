"""PowerPoint files, slide by slide, with python-pptx: title, text, tables, notes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any

from workers.messages.errors import UnsupportedInputError

from .archive import Archive, said_of_itself
from .plain import blocks
from .section import OpenDocument, Section
from .source import Source
from .word import PROPERTIES

_MAIN = "http://schemas.openxmlformats.org/presentationml/2006/main"
_EMPTY = {
    "ppt/slides/slide": f'<p:sld xmlns:p="{_MAIN}"><p:cSld><p:spTree/></p:cSld></p:sld>',
    "ppt/notesSlides/notesSlide": f'<p:notes xmlns:p="{_MAIN}"><p:cSld><p:spTree/></p:cSld></p:notes>',
}
"""What stands for a damaged part, by how its name begins: python-pptx parses all of them on opening."""


def open_pptx(source: Source) -> OpenDocument:
    """Open a presentation. Raises: UnsupportedInputError if it is damaged or has too many slides."""
    import pptx

    archive = Archive(source)
    broken, data = _mended(source, archive)
    try:
        slides = pptx.Presentation(io.BytesIO(data)).slides
        number = len(slides)
    except Exception as err:  # python-pptx lets every XML and archive error through as it is
        raise UnsupportedInputError(
            f"{source.name} is a damaged PowerPoint file: {type(err).__name__}.",
            hint="Open it in PowerPoint or LibreOffice and save it again.",
        ) from err
    if number > source.limits.max_pages:
        raise UnsupportedInputError(
            f"{source.name} has {number:,} slides; at most {source.limits.max_pages:,} are read.",
            hint="Split it into smaller files.",
        )
    said = said_of_itself(archive, "docProps/core.xml", PROPERTIES)
    return OpenDocument(
        sections=_sections(source, slides, broken), metadata=tuple(sorted(said.items()))
    )


def _mended(source: Source, archive: Archive) -> tuple[set[str], bytes]:
    """Return the names of damaged slides and notes, and the file with empty ones in their place."""
    broken: dict[str, str] = {}
    for start, empty in _EMPTY.items():
        for name in sorted(name for name in archive.names if name.startswith(start)):
            try:
                archive.xml(name)
            except UnsupportedInputError:
                broken[name] = empty
    if not broken:
        return set(), source.data
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as mended:
        for name in archive.names:
            mended.writestr(name, broken[name] if name in broken else archive.read(name))
    return set(broken), file.getvalue()


def _sections(source: Source, slides: Iterable[Any], broken: set[str]) -> Iterator[Section]:
    for number, slide in enumerate(slides, start=1):
        source.reading.step()
        if slide.part.partname.lstrip("/") in broken:
            source.reading.lose(
                f"Slide {number} of {source.name} could not be read: it is damaged."
            )
            continue
        title, text = "", ""
        with source.reading.losing(f"Slide {number} of {source.name}"):
            title, text = _slide(source, number, slide, broken)
        headings = (title,) if title and text else ()
        for block in blocks(text or title):
            yield Section(text=block, headings=headings, place=(("slide", str(number)),))


def _slide(source: Source, number: int, slide: Any, broken: set[str]) -> tuple[str, str]:
    title = " ".join(slide.shapes.title.text.split()) if slide.shapes.title is not None else ""
    lines = list(_lines(slide.shapes, slide.shapes.title))
    if slide.has_notes_slide:
        notes = slide.notes_slide
        if notes.part.partname.lstrip("/") in broken:
            source.reading.lose(f"The notes of slide {number} of {source.name} are damaged.")
        elif notes.notes_text_frame is not None and (said := notes.notes_text_frame.text.strip()):
            lines.append(f"\nNotes: {said}")
    return title, "\n".join(lines).replace("\x0b", "\n").strip()


def _lines(shapes: Iterable[Any], title: Any) -> Iterator[str]:
    """Yield the text of shapes in their order, groups unpacked."""
    for shape in shapes:
        if title is not None and shape.shape_id == title.shape_id:
            continue
        if hasattr(shape, "shapes"):
            yield from _lines(shape.shapes, title)
        elif getattr(shape, "has_table", False):
            for row in shape.table.rows:
                yield " | ".join(" ".join(cell.text.split()) for cell in row.cells)
        elif shape.has_text_frame and (text := shape.text_frame.text.strip()):
            yield text
