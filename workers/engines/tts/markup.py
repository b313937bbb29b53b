"""Markdown as it is heard: which lines belong together, and what remains without the signs.

Plain text is Markdown without signs, so every text goes this way. Knows structure, not words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

# Indented text in a letter is no code; \( and \[ are left for the mathematics reader.
_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"]).disable(["code", "escape"])
_LINE_PREFIX = re.compile(r"^[ \t]*(?:(?:[-*+]|>|#{1,6})[ \t]+|>)+", re.MULTILINE)
_LIST_NUMBER = re.compile(r"^([ \t]*\d{1,3})[.)](?=[ \t])", re.MULTILINE)
_HEADING_END = re.compile(r"[ \t]#+[ \t]*$|\n[=-]+[ \t]*$", re.MULTILINE)
_KINDS = {"fence": "code", "hr": "rule", "tr_open": "row"}

Kind = Literal["text", "code", "rule", "row"]


@dataclass(frozen=True, slots=True)
class MarkupBlock:
    """Lines that belong together: a paragraph, a heading, a list item, a table row, some code."""

    kind: Kind
    source: str
    """As written, with the blank lines that follow; all sources joined are the text."""
    language: str = ""
    """Of code, if it was given."""


def split_blocks(text: str) -> Iterator[MarkupBlock]:
    """Cut a text into blocks."""
    lines = text.splitlines(keepends=True)
    starts = _block_starts(_PARSER.parse("".join(_parsable(line) for line in lines)))
    if not starts or min(starts) > 0:
        starts[0] = ("text", "")
    order = sorted(starts)
    for start, end in zip(order, [*order[1:], len(lines)], strict=True):
        kind, language = starts[start]
        yield MarkupBlock(kind, "".join(lines[start:end]), language)


def _parsable(line: str) -> str:
    """Return the line with the one line end that markdown-it counts, so that its numbers fit."""
    return line.rstrip("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029").replace("\r", " ") + "\n"


def _block_starts(tokens: list[Token]) -> dict[int, tuple[Kind, str]]:
    starts: dict[int, tuple[Kind, str]] = {}
    for token in tokens:
        if token.map is None:
            continue
        if token.type in _KINDS:
            kind: Kind = _KINDS[token.type]  # type: ignore[assignment]
            starts[token.map[0]] = (kind, token.info.strip())
        elif token.type in ("inline", "html_block"):
            starts.setdefault(token.map[0], ("text", ""))
    return starts


def text_of(source: str) -> str:
    """Return what is left of a piece of Markdown without its signs, as plain text.

    Links keep their words, pictures their description, HTML only what stands between the tags.
    """
    plain = _LIST_NUMBER.sub(r"\1,", _LINE_PREFIX.sub("", _HEADING_END.sub("", source)))
    inline = _PARSER.parseInline(plain)[0]
    return " ".join("".join(_words(inline.children or [])).split())


def row_text(source: str) -> str:
    """Return a table row as an enumeration of its cells; the line under the header is dropped."""
    row = source.lstrip().partition("\n")[0]
    cells = [text_of(cell) for cell in re.split(r"(?<!\\)\|", row)]
    return ", ".join(cell for cell in cells if cell)


def _words(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type in ("softbreak", "hardbreak"):
            yield " "
        elif token.type in ("text", "code_inline", "image"):
            yield token.content
