"""Markdown: cut at its headings; the text stays as it was written."""

from __future__ import annotations

from collections.abc import Iterator

from .plain import blocks, decode
from .section import OpenDocument, Outline, Section


def open_markdown(name: str, data: bytes) -> OpenDocument:
    """Open a Markdown file."""
    return OpenDocument(sections=_sections(decode(name, data)))


def _sections(text: str) -> Iterator[Section]:
    from markdown_it import MarkdownIt

    lines = text.splitlines()
    tokens = MarkdownIt("commonmark").parse("\n".join(lines))
    outline = Outline()
    start = 0
    for number, token in enumerate(tokens):
        if token.type != "heading_open" or token.map is None or token.level > 0:
            continue
        yield from _section(lines[start : token.map[0]], outline)
        outline.enter(int(token.tag[1]), tokens[number + 1].content)
        start = token.map[1]
    yield from _section(lines[start:], outline)


def _section(lines: list[str], outline: Outline) -> Iterator[Section]:
    text = "\n".join(lines).strip()
    for block in blocks(text):
        yield Section(text=block, headings=outline.path)
