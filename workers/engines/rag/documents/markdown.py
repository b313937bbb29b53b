"""Markdown: cut at its headings; the text stays as it was written, without its comments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from workers.messages import Metadata

from .decoding import decode
from .plain import blocks
from .section import OpenDocument, Outline, Section
from .source import Source

if TYPE_CHECKING:
    from markdown_it.token import Token

_CODE = ("fence", "code_block")
_MARKS = re.compile(r"`+|<!--")
_FRONT = re.compile(r"\A---[ \t]*\n(.{0,10000}?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_SAID = re.compile(
    r"^(title|author|date)[ \t]*:[ \t]*[\"']?([^\n]{1,300}?)[\"']?[ \t]*$", re.MULTILINE
)


def open_markdown(source: Source) -> OpenDocument:
    """Open a Markdown file."""
    text = decode(source.name, source.data, source.reading)
    text = "\n".join(text.splitlines())
    metadata: Metadata = ()
    if front := _FRONT.match(text):
        metadata = tuple(sorted(dict(_SAID.findall(front.group(1))).items()))
        text = text[front.end() :]
    return OpenDocument(sections=_sections(text), metadata=metadata)


def _sections(text: str) -> Iterator[Section]:
    from markdown_it import MarkdownIt

    lines = text.split("\n")
    # Only blocks: what is in a line, links and emphasis, is not needed and may be made slow.
    parser = MarkdownIt("commonmark")
    parser.core.ruler.enableOnly(["normalize", "block"])
    tokens = parser.parse(text)
    hidden = _Comments(lines, tokens)
    outline = Outline()
    start = 0
    for number, token in enumerate(tokens):
        if token.type != "heading_open" or token.map is None or token.level > 0:
            continue
        yield from _section(hidden.without(start, token.map[0]), outline)
        title = without_comments(tokens[number + 1].content)
        outline.enter(int(token.tag[1]), " ".join(title.split()))
        start = token.map[1]
    yield from _section(hidden.without(start, len(lines)), outline)


def _section(text: str, outline: Outline) -> Iterator[Section]:
    for block in blocks(re.sub(r"\n{3,}", "\n\n", text).strip("\n")):
        yield Section(text=block, headings=outline.path)


class _Comments:
    """Lines of a file without what only its writers see; code stays as it is."""

    def __init__(self, lines: list[str], tokens: Sequence[Token]) -> None:
        self._lines = lines
        maps = (token.map for token in tokens if token.type in _CODE)
        self._code = [(found[0], found[1]) for found in maps if found is not None]

    def without(self, start: int, end: int) -> str:
        """Return the lines from `start` to before `end`."""
        parts: list[str] = []
        for first, last in self._code:
            if start <= first and last <= end:
                parts.append(without_comments("\n".join(self._lines[start:first])))
                parts.append("\n".join(self._lines[first:last]))
                start = last
        parts.append(without_comments("\n".join(self._lines[start:end])))
        return "\n".join(part for part in parts if part)


def without_comments(text: str) -> str:
    """Return the text without `<!-- … -->`, except within `code`."""
    if "<!--" not in text:
        return text
    runs: dict[int, list[int]] = {}
    for mark in reversed(list(re.finditer(r"`+", text))):
        runs.setdefault(len(mark.group()), []).append(mark.start())
    kept: list[str] = []
    at = 0
    for mark in _MARKS.finditer(text):
        if mark.start() < at:
            continue
        if mark.group() == "<!--":
            end = text.find("-->", mark.end())
            if end < 0:
                break
            kept.append(text[at : mark.start()])
            at = end + 3
            continue
        same = runs[len(mark.group())]
        while same and same[-1] <= mark.start():
            same.pop()
        if same:
            end = same[-1] + len(mark.group())
            kept.append(text[at:end])
            at = end
    return "".join([*kept, text[at:]])
