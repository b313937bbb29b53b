"""RTF files, with striprtf: the text; RTF knows no headings."""

from __future__ import annotations

import re

from workers.messages.errors import UnsupportedInputError

from .plain import blocks
from .section import OpenDocument, Section
from .source import Source

_SAID = re.compile(r"\{\\(title|author)\s+([^{}\\]{1,300})\}")


def open_rtf(source: Source) -> OpenDocument:
    """Open an RTF file. Raises: UnsupportedInputError if it has no end."""
    from striprtf.striprtf import rtf_to_text

    raw = source.data.decode("latin-1").replace("\x00", "")
    source.reading.step()
    if raw.count("{") > raw.count("}") + 1000:
        raise UnsupportedInputError(f"{source.name} is damaged: most of its groups have no end.")
    plain: str = rtf_to_text(raw, errors="replace")  # type: ignore[no-untyped-call]
    text = re.sub(r"\n{3,}", "\n\n", plain).strip()
    metadata = tuple(
        sorted({key: words.strip() for key, words in _SAID.findall(raw[:20_000])}.items())
    )
    return OpenDocument(sections=(Section(text=block) for block in blocks(text)), metadata=metadata)
