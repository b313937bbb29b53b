"""Chooses the reader by what a file contains; its name only decides between kinds of plain text."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath

from workers.messages.amounts import fine_size_words
from workers.messages.errors import UnsupportedInputError

from . import markdown, plain, web, word
from .pdf.opening import open_pdf
from .pictures import is_picture, open_picture
from .section import OpenDocument

READABLE = "PDF, pictures, Word (docx), HTML, Markdown, plain text, CSV and source code"

_SIGNATURES = (
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a Linux program"),
    (b"\xd0\xcf\x11\xe0", "an old Office file (doc, xls, ppt)"),
    (b"{\\rtf", "an RTF file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"ID3", "a sound file (MP3)"),
    (b"OggS", "a sound file (Ogg)"),
    (b"RIFF", "a sound, video or picture file"),
    (b"SQLite format 3", "a database"),
)
_BY_SUFFIX = {
    ".md": markdown.open_markdown,
    ".markdown": markdown.open_markdown,
    ".html": web.open_html,
    ".htm": web.open_html,
    ".xhtml": web.open_html,
    ".csv": plain.open_csv,
    ".tsv": plain.open_csv,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLimits:
    """How much one file may ask of the worker."""

    max_file_mib: float = 50.0
    max_pages: int = 2000


def open_document(name: str, data: bytes, limits: DocumentLimits) -> OpenDocument:
    """Recognise a file and open it. Raises: UnsupportedInputError."""
    max_bytes = int(limits.max_file_mib * 2**20)
    if not data:
        raise UnsupportedInputError(f"{name} is empty (0 bytes).")
    if len(data) > max_bytes:
        raise UnsupportedInputError(
            f"{name} has {fine_size_words(len(data))}; at most {fine_size_words(max_bytes)} are read.",
            hint="Split it into smaller files.",
        )
    if b"%PDF-" in data[:1024]:
        return open_pdf(name, data, limits.max_pages)
    if is_picture(data):
        return open_picture(name, data, limits.max_pages)
    if data.startswith(b"PK\x03\x04"):
        return _open_zip(name, data, max_bytes)
    _refuse_binary(name, data)
    return _text_reader(name, data)(name, data)


def _open_zip(name: str, data: bytes, max_bytes: int) -> OpenDocument:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile as err:
        raise UnsupportedInputError(
            f"{name} is damaged: its archive cannot be opened.",
            hint="Open it in its program and save it again.",
        ) from err
    if not any(member.filename == "word/document.xml" for member in members):
        raise UnsupportedInputError(
            f"{name} is an archive or an Office file that cannot be read yet.",
            hint=f"What can be read: {READABLE}.",
        )
    # zipfile never inflates a member beyond the size it declares, so the declared sizes are bounds.
    inflated = sum(member.file_size for member in members)
    if inflated > 4 * max_bytes:
        raise UnsupportedInputError(
            f"{name} would unpack to {fine_size_words(inflated)}; "
            f"at most {fine_size_words(4 * max_bytes)} are read."
        )
    return word.open_docx(name, data)


def _refuse_binary(name: str, data: bytes) -> None:
    suffix = PurePath(name).suffix.lower().removeprefix(".")
    claimed = {"pdf": "a PDF", "docx": "a Word document", "doc": "a Word document"}.get(
        suffix, "a text"
    )
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            raise UnsupportedInputError(
                f"{name} is not {claimed}: its content is {kind}.",
                hint=f"What can be read: {READABLE}.",
            )
    is_utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    if b"\x00" in data[:65536] and not is_utf16:
        raise UnsupportedInputError(
            f"{name} is not {claimed}: its content is binary data.",
            hint=f"What can be read: {READABLE}.",
        )
    if suffix in ("pdf", "docx"):
        raise UnsupportedInputError(
            f"{name} is not {claimed}: its content does not begin like one.",
            hint="Open it in its program and save it again.",
        )


def _text_reader(name: str, data: bytes) -> Callable[[str, bytes], OpenDocument]:
    by_suffix = _BY_SUFFIX.get(PurePath(name).suffix.lower())
    if by_suffix is not None:
        return by_suffix
    start = data[:256].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return web.open_html
    return plain.open_text
