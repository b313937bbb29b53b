"""HTML: the readable part, cut at its headings; navigation, scripts and forms are left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .plain import blocks, decode
from .section import OpenDocument, Outline, Section

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_BOILERPLATE = [
    "script",
    "style",
    "noscript",
    "template",
    "svg",
    "nav",
    "footer",
    "aside",
    "form",
    "button",
    "iframe",
    "head",
    "dialog",
]
_BLOCKS = [
    "p",
    "div",
    "section",
    "article",
    "main",
    "li",
    "ul",
    "ol",
    "dl",
    "dt",
    "dd",
    "pre",
    "blockquote",
    "table",
    "tr",
    "figure",
    "figcaption",
    "header",
    "address",
    "details",
    "summary",
]
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_MARK = "\x02"
"""Starts a heading's line while the tree is flattened; HTML cannot contain it."""


def open_html(name: str, data: bytes) -> OpenDocument:
    """Open a web page saved as a file."""
    return OpenDocument(sections=html_sections(_declared(data) or decode(name, data)))


def _declared(data: bytes) -> str | None:
    """Decode by the charset that the page itself names, if it names one that fits."""
    found = re.search(rb"charset=[\"']?([\w-]+)", data[:2048])
    try:
        return data.decode(found.group(1).decode("ascii")) if found else None
    except (LookupError, UnicodeDecodeError):
        return None


def html_sections(html: str) -> Iterator[Section]:
    """Yield the sections of a page, as its headings divide it."""
    from bs4 import BeautifulSoup

    tree = BeautifulSoup(html, "lxml")
    for tag in tree(_BOILERPLATE):
        tag.decompose()
    for header in tree("header"):
        if header.find("h1") is None:
            header.decompose()
    root = tree.find("main") or tree.find("article") or tree.body or tree
    yield from _cut(_flatten(tree, root))


def _flatten(tree: BeautifulSoup, root: Tag) -> str:
    """One line per block element, headings marked with their level."""
    for text in root.find_all(string=True):
        if text.find_parent("pre") is None:
            text.replace_with(tree.new_string(re.sub(r"[\s\x02]+", " ", text)))
    for tag in root.find_all("br"):
        tag.replace_with("\n")
    for cell in root.find_all(["td", "th"]):
        cell.append(" | ")
    for block in root.find_all(_BLOCKS):
        if block.find_parent(["td", "th", "li"]):
            continue  # a paragraph in a cell does not end the row
        if block.name not in ("li", "tr"):
            block.insert_before("\n")
        block.append("\n")
    for heading in root.find_all(_HEADINGS):
        heading.insert_before(f"\n{_MARK}{heading.name[1]}")
        heading.append("\n")
    return root.get_text()


def _cut(flat: str) -> Iterator[Section]:
    outline = Outline()
    lines: list[str] = []
    for line in [*flat.split("\n"), _MARK + "1"]:
        if not line.startswith(_MARK):
            lines.append(line.rstrip(" |") if line.endswith("| ") else line.rstrip())
            continue
        text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
        for block in blocks(text):
            yield Section(text=block, headings=outline.path)
        lines = []
        outline.enter(int(line[1]), line[2:].strip())
