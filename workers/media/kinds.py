"""What a file is, by its first bytes; its name only decides where those say nothing."""

from __future__ import annotations

import mimetypes
from typing import Literal, TypeAlias

FileKind: TypeAlias = Literal["picture", "audio", "document"]
"""Which worker reads a file: vision, speech to text, documents."""

HEAD_BYTES = 16
"""As many as are looked at."""
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM")
_PAGES = (b"II*\x00", b"MM\x00*")
"""TIFF: scanners and faxes write several pages into one, of which a picture would be the first alone."""
_SOUNDS = (b"ID3", b"OggS", b"fLaC", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\x1aE\xdf\xa3")
"""MP3 (three of its frames' heads), Ogg, FLAC, Matroska and WebM."""
_HEIC = (b"heic", b"heix", b"mif1", b"avif")


def kind_of(name: str, head: bytes) -> FileKind:
    """Return what a file is; `head` are its first bytes."""
    if head.startswith(b"RIFF"):
        return "picture" if head[8:12] == b"WEBP" else "audio"
    if head[4:8] == b"ftyp":
        return "picture" if head[8:12] in _HEIC else "audio"
    if head.startswith((*_PAGES, *_PICTURES)):
        return "document" if head.startswith(_PAGES) else "picture"
    if head.startswith(_SOUNDS):
        return "audio"
    guessed = (mimetypes.guess_type(name)[0] or "").partition("/")[0]
    if guessed in ("audio", "video"):
        return "audio"
    return "picture" if guessed == "image" and not _is_text(head) else "document"


def _is_text(head: bytes) -> bool:
    """An SVG is a picture by its name, and can only be read as the text that it is."""
    return head.lstrip().startswith((b"<", b"#", b"/"))
