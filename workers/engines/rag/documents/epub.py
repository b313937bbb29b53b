"""E-books (epub): an archive of web pages, read in the order of its spine."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from workers.messages.errors import UnsupportedInputError

from .archive import Archive, said_of_itself
from .section import OpenDocument, Section
from .source import Source
from .web import open_html

CONTAINER = "META-INF/container.xml"
_SAID = {"title": "title", "creator": "author", "date": "date"}
_LOCKS = "META-INF/encryption.xml"


def open_epub(source: Source) -> OpenDocument:
    """Open a book. Raises: UnsupportedInputError if it is damaged, locked or has too many chapters."""
    archive = Archive(source)
    try:
        root = archive.xml(CONTAINER).find(".//{*}rootfile")
        package = str(root.get("full-path")) if root is not None else ""
        chapters = _chapters(package, archive.xml(package))
    except UnsupportedInputError as err:
        raise UnsupportedInputError(f"{source.name} cannot be read: {err.message}") from err
    if len(chapters) > source.limits.max_pages:
        raise UnsupportedInputError(
            f"{source.name} has {len(chapters):,} chapters; at most {source.limits.max_pages:,} are read."
        )
    locks = archive.read(_LOCKS) if _LOCKS in archive.names else b""
    if any(posixpath.basename(name).encode() in locks for name in chapters):
        raise UnsupportedInputError(
            f"{source.name} is protected against being read by other programs."
        )
    said = said_of_itself(archive, package, _SAID)
    return OpenDocument(
        sections=_sections(source, archive, chapters), metadata=tuple(sorted(said.items()))
    )


def _chapters(package: str, root: Any) -> list[str]:
    """Return the parts of the archive that are read one after the other."""
    folder = posixpath.dirname(package)
    files = {item.get("id"): unquote(str(item.get("href"))) for item in root.iter("{*}item")}
    order = (files.get(one.get("idref")) for one in root.iter("{*}itemref"))
    return [posixpath.normpath(posixpath.join(folder, href)) for href in order if href]


def _sections(source: Source, archive: Archive, chapters: list[str]) -> Iterator[Section]:
    for number, part in enumerate(chapters, start=1):
        with source.reading.losing(f"Chapter {number} ({part}) of {source.name}"):
            page = replace(source, name=part, data=archive.read(part))
            for section in open_html(page).sections:
                yield replace(section, place=(("chapter", str(number)),))
