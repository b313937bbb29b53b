"""HTML: the readable part, cut at its headings; navigation, scripts and hidden text are left out."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from workers.messages import Metadata

from .decoding import decode
from .flattening import MARK, Flattener
from .plain import blocks
from .section import OpenDocument, Outline, Section
from .source import Reading, Source

_STEP_CHARS = 16_384
"""Between two looks at the clock: a page may be made to slow its reader down."""


def open_html(source: Source) -> OpenDocument:
    """Open a web page saved as a file."""
    html = _declared(source.data) or decode(source.name, source.data, source.reading)
    flat, metadata = flatten(html, source.reading)
    return OpenDocument(sections=cut_at_headings(flat), metadata=metadata)


def _declared(data: bytes) -> str | None:
    """Decode by the charset that the page itself names, if it names one that fits."""
    found = re.search(rb"(?:charset|<\?xml[^>]*encoding)=[\"']?([\w-]+)", data[:2048])
    try:
        return data.decode(found.group(1).decode("ascii")) if found else None
    except (LookupError, ValueError):
        return None


def flatten(html: str, reading: Reading) -> tuple[str, Metadata]:
    """Return the readable text of a page, its headings marked, and what the page says of itself.

    Elements may be nested as deep as they like: no call is made within a call.
    Raises: UnsupportedInputError if it takes too long.
    """
    from lxml import etree

    target = Flattener()
    # Deep trees are refused by default, which would lose what is in them.
    parser = etree.HTMLParser(target=target, huge_tree=True)
    html = html.replace("\x00", "")
    for start in range(0, len(html), _STEP_CHARS):
        reading.step()
        parser.feed(html[start : start + _STEP_CHARS])
    with contextlib.suppress(etree.XMLSyntaxError):  # a page without any element or text
        parser.close()
    return target.text(), target.metadata


def html_sections(html: str, reading: Reading, above: tuple[str, ...] = ()) -> Iterator[Section]:
    """Yield the sections of a page, as its headings divide it, under the headings `above`."""
    yield from cut_at_headings(flatten(html, reading)[0], above)


def cut_at_headings(flat: str, above: tuple[str, ...] = ()) -> Iterator[Section]:
    """Yield the sections of a flattened page."""
    outline = Outline(above)
    lines: list[str] = []
    for line in [*flat.split("\n"), MARK + "1"]:
        if not line.startswith(MARK):
            lines.append(line.rstrip(" |") if line.endswith("| ") else line.rstrip())
            continue
        text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
        for block in blocks(text):
            yield Section(text=block, headings=outline.path)
        lines = []
        outline.enter(int(line[1]), line[2:].strip())
