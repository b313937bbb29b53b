"""Word documents (docx), read as the HTML that mammoth makes of them, and what stands around it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from workers.messages.errors import UnsupportedInputError

from .archive import Archive, check_xml, said_of_itself
from .plain import blocks
from .section import OpenDocument, Section
from .source import Source
from .web import html_sections

_BODY = re.compile(r"word/(?:document\d*|footnotes|endnotes)\.xml")
PROPERTIES = {"title": "title", "creator": "author", "created": "date"}
"""Of docProps/core.xml, which all Office files have."""
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MARGINS = (("header", "Header"), ("footer", "Footer"))


def open_docx(source: Source) -> OpenDocument:
    """Open a Word document; pictures are left out, and there are no page numbers in the format."""
    archive = Archive(source)
    said = said_of_itself(archive, "docProps/core.xml", PROPERTIES)
    return OpenDocument(sections=_sections(source, archive), metadata=tuple(sorted(said.items())))


def _sections(source: Source, archive: Archive) -> Iterator[Section]:
    yield from _body(source, archive)
    yield from _margins(source, archive)


def _body(source: Source, archive: Archive) -> Iterator[Section]:
    import mammoth

    without_pictures = mammoth.images.img_element(lambda _image: {"src": ""})
    try:
        for part in sorted(name for name in archive.names if _BODY.fullmatch(name)):
            check_xml(part, archive.read(part))
        html = mammoth.convert_to_html(
            io.BytesIO(source.data), convert_image=without_pictures, external_file_access=False
        ).value
    except UnsupportedInputError as err:
        raise UnsupportedInputError(f"{source.name} cannot be read: {err.message}") from err
    except Exception as err:  # mammoth lets every XML and archive error through as it is
        raise UnsupportedInputError(
            f"{source.name} is a damaged Word document: {type(err).__name__}.",
            hint="Open it in Word or LibreOffice and save it again.",
        ) from err
    yield from html_sections(html, source.reading)


def _margins(source: Source, archive: Archive) -> Iterator[Section]:
    """Yield headers and footers, each text once: sections of a document repeat them."""
    seen: set[str] = set()
    for part, title in _MARGINS:
        names = (name for name in archive.names if name.startswith(f"word/{part}"))
        for name in sorted(name for name in names if name.endswith(".xml")):
            text = ""
            with source.reading.losing(f"{title} {name} of {source.name}"):
                text = _text_of(archive, name)
            if text and text not in seen:
                seen.add(text)
                for block in blocks(text):
                    yield Section(text=block, headings=(title,), place=(("part", part),))


def _text_of(archive: Archive, name: str) -> str:
    lines: list[str] = []
    for paragraph in archive.xml(name).iter(f"{_W}p"):
        words = (
            "\t" if one.tag == f"{_W}tab" else one.text or ""
            for one in paragraph.iter(f"{_W}t", f"{_W}tab")
        )
        lines.append("".join(words).strip())
    return "\n".join(line for line in lines if line)
