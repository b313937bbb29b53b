"""Source code, cut where its functions and classes begin, with the lexers of Pygments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from .decoding import decode
from .plain import blocks, open_text
from .section import OpenDocument, Outline, Section
from .source import Source

_KEYWORDS = frozenset(
    "class struct interface enum trait impl func fn def fun function module namespace object protocol "
    "sub record defn defmodule defp macro union extension procedure proc method".split()
)
_MAX_LINE = 5_000
"""Longer lines were written by a program, and some lexers are slow on them."""
_MAX_CHARS = 5_000_000
_LEADING = re.compile(r"\s*(?:@|#(?!include|define)|//|/\*|\*|--|;;|\[|\"\"\"|template\b)")
"""Comments, decorators, attributes: they belong to what follows them."""


def open_code(source: Source) -> OpenDocument:
    """Open source code; what no lexer knows, or nobody wrote by hand, is read as a text."""
    from pygments.lexers import get_lexer_for_filename
    from pygments.util import ClassNotFound

    text = re.sub(r"\r\n?", "\n", decode(source.name, source.data, source.reading))
    lines = text.split("\n")
    if len(text) > _MAX_CHARS or max(map(len, lines)) > _MAX_LINE:
        return open_text(source)
    try:
        lexer = get_lexer_for_filename(f"name{PurePath(source.name).suffix}", text[:10_000])
    except ClassNotFound:
        return open_text(source)
    return OpenDocument(sections=_sections(source, lines, lexer))


def _sections(source: Source, lines: list[str], lexer: Any) -> Iterator[Section]:
    outline = Outline()
    start = 0
    for number, name in _definitions(source, "\n".join(lines), lexer):
        first = number
        while first > start and _LEADING.match(lines[first - 1]):
            first -= 1
        yield from _section(lines[start:first], outline)
        indent = len(lines[number]) - len(lines[number].lstrip())
        outline.enter(indent + 1, name)
        start = first
    yield from _section(lines[start:], outline)


def _section(lines: list[str], outline: Outline) -> Iterator[Section]:
    text = "\n".join(lines).strip("\n")
    for block in blocks(text) if text.strip() else ():
        yield Section(text=block, headings=outline.path)


def _definitions(source: Source, text: str, lexer: Any) -> Iterator[tuple[int, str]]:
    """Yield the line, from 0, and the name of what is defined, at most one a line."""
    from pygments.token import Comment, Name, String

    line, last_line = 0, -1
    word = before = ""
    for number, (_, kind, value) in enumerate(lexer.get_tokens_unprocessed(text)):
        if number % 2000 == 0:
            source.reading.step()
        if kind in Comment or kind in String or not value.strip():
            before = before + value if "\n" not in value else value.rpartition("\n")[2]
        else:
            is_named = (kind in Name.Function or kind in Name.Class) and not re.search(
                r"[=(.]", before
            )
            if (is_named or (word in _KEYWORDS and kind in Name)) and line != last_line:
                yield line, value.strip()
                last_line = line
            before, word = before + value, value.strip()
            if "\n" in value:
                before = value.rpartition("\n")[2]
        line += value.count("\n")
