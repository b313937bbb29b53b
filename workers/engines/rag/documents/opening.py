"""Which reader a file is for: by its first bytes, then by its name."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePath

from workers.messages.document_kinds import READABLE, kind_of_suffix
from workers.messages.errors import UnsupportedInputError

from . import code, epub, mail, markdown, plain, rtf, sheets, slides, subtitles, table, web, word
from .archive import names_in
from .open_office import is_open_office, open_open_office
from .pdf.opening import open_pdf
from .pictures import is_picture, open_picture
from .section import OpenDocument
from .source import Source

Open = Callable[[Source], OpenDocument]

_SIGNATURES = (
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a Linux program"),
    (b"\xd0\xcf\x11\xe0", "an old Office file (doc, xls, ppt)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"ID3", "a sound file (MP3)"),
    (b"OggS", "a sound file (Ogg)"),
    (b"RIFF", "a sound, video or picture file"),
    (b"SQLite format 3", "a database"),
)
_CLAIMED = {
    "pdf": "a PDF",
    "docx": "a Word document",
    "pptx": "a PowerPoint file",
    "xlsx": "an Excel file",
    "odf": "an OpenDocument file",
    "epub": "an e-book",
}
"""What a name promises by its ending, where the first bytes must show it."""
_TEXTS: dict[str, Open] = {
    "markdown": markdown.open_markdown,
    "html": web.open_html,
    "csv": table.open_csv,
    "subtitles": subtitles.open_subtitles,
    "code": code.open_code,
}
"""Kinds that only the name, or the first words, tell from plain text."""
_ARCHIVES: tuple[tuple[re.Pattern[str], Open], ...] = (
    (re.compile(r"word/document\d*\.xml"), word.open_docx),
    (re.compile(r"ppt/presentation\d*\.xml"), slides.open_pptx),
    (re.compile(r"xl/workbook\d*\.xml"), sheets.open_xlsx),
    (re.compile(re.escape(epub.CONTAINER)), epub.open_epub),
)
"""By a part that each has, whatever its name and whatever wrote it."""


def open_source(source: Source) -> OpenDocument:
    """Recognise a file and open it. Raises: UnsupportedInputError."""
    data = source.data
    if b"%PDF-" in data[:1024]:
        return open_pdf(source.name, data, source.limits.max_pages)
    if is_picture(data):
        return open_picture(source.name, data, source.limits.max_pages)
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _open_archive(source)
    if data.startswith(b"{\\rtf"):
        return rtf.open_rtf(source)
    _refuse_binary(source)
    return _text_reader(source)(source)


def _open_archive(source: Source) -> OpenDocument:
    names = names_in(source)
    for part, reader in _ARCHIVES:
        if any(map(part.fullmatch, names)):
            return reader(source)
    if is_open_office(names):
        return open_open_office(source)
    raise UnsupportedInputError(
        f"{source.name} is an archive or an Office file that cannot be read.",
        hint=f"What can be read: {READABLE}.",
    )


def _refuse_binary(source: Source) -> None:
    name, data = source.name, source.data
    kind = kind_of_suffix(PurePath(name).suffix)
    claimed = _CLAIMED.get(kind.key if kind else "", "a text")
    if PurePath(name).suffix.lower() == ".doc":
        claimed = "a Word document"
    if data.startswith(b"\xd0\xcf\x11\xe0") and "EncryptedPackage".encode("utf-16-le") in data:
        raise UnsupportedInputError(
            f"{name} is protected by a password.",
            hint="Save a copy without a password and add that.",
        )
    for signature, what in _SIGNATURES:
        if data.startswith(signature) and not _is_text(signature, data):
            raise UnsupportedInputError(
                f"{name} is not {claimed}: its content is {what}.",
                hint=f"What can be read: {READABLE}.",
            )
    if claimed != "a text":
        raise UnsupportedInputError(
            f"{name} is not {claimed}: its content does not begin like one.",
            hint="Open it in its program and save it again.",
        )


def _is_text(signature: bytes, data: bytes) -> bool:
    """Whether a text only begins with the letters of a signature: "MZ", "ID3", "RIFF"."""
    return (
        signature.isascii()
        and signature.isalnum()
        and data[:4096].isascii()
        and 0 not in data[:4096]
    )


def _text_reader(source: Source) -> Open:
    kind = kind_of_suffix(PurePath(source.name).suffix)
    if kind is not None and kind.key == "mail":
        return lambda one: mail.open_mail(one, open_source)
    if kind is not None and kind.key in _TEXTS:
        return _TEXTS[kind.key]
    start = source.data[:256].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return web.open_html
    return plain.open_text
